-- What windows said as two people signed it off, by its digest. A manifest of `site_signoff` names the digest, so that a
-- text that is changed here is none that was signed.
create table signed_text (
    digest  text primary key,
    content bytea not null,
    constraint a_signed_text_is_under_its_digest check (digest = encode(sha256(content), 'hex'))
);
grant select, insert on signed_text to shebaoka_app;
grant select on signed_text to shebaoka_auditor;
