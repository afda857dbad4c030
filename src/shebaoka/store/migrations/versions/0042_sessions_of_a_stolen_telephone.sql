-- Where a holder ends a credential in a wallet, their other sessions end too: one may be on the telephone that is gone.
alter table holder_session drop constraint holder_session_why_check;
alter table holder_session add constraint holder_session_why_check
    check (why in ('signed_out', 'idle', 'too_long', 'telephone', 'wallet'));
