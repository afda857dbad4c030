-- Corrections that wait for a second person are found without reading the journal.
create index proposed_correction on journal (at) where service = 'propose_correction' and outcome = 'accepted';
