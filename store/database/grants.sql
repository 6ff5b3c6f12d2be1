-- What each of the roles that deploy/roles.sql makes may do. `starter.py migrate` carries this out in the transaction
-- that changes the tables. Each role gets what it needs and no more:
--
--     challenges_worker  what workflows have done: announcements, payments, sealing, delivery, sweeping
--     challenges_desk    what people do, at a terminal and in the web front
--     challenges_reader  reports: no names, no addresses, no answers, no bank details, no secrets
--
-- A lock on a row needs the right to change it: PostgreSQL asks for UPDATE before SELECT … FOR UPDATE.
-- tests/store/test_grants.py fails for a table that is not named here.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, challenges_worker, challenges_desk, challenges_reader;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, challenges_worker, challenges_desk, challenges_reader;
-- REVOKE on a table leaves what was granted on its columns.
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT DISTINCT grantee, table_name, column_name, privilege_type
        FROM information_schema.column_privileges
        WHERE table_schema = 'public' AND grantee IN ('challenges_worker', 'challenges_desk', 'challenges_reader')
    LOOP
        EXECUTE format('REVOKE %s (%I) ON %I FROM %I', each.privilege_type, each.column_name, each.table_name, each.grantee);
    END LOOP;
END $$;
GRANT SELECT ON alembic_version TO challenges_worker, challenges_desk, challenges_reader;

-- Nobody changes or removes a line of the record, not even with a password of the service.
GRANT SELECT, INSERT ON record TO challenges_worker, challenges_desk;
GRANT USAGE ON SEQUENCE record_id_seq TO challenges_worker, challenges_desk;
-- Not who has sent a message, as the Temporal server says: that can be the name of somebody's account.
GRANT SELECT (
    id, key, challenge, at, by, role, action, stage, text, reason, refused, proof, signed, number, previous, hash
) ON record TO challenges_reader;

-- Rounds and challenges. Only people open rounds, hand over roles and name readers.
GRANT SELECT, UPDATE ON challenges TO challenges_worker;
GRANT SELECT, INSERT, UPDATE ON challenges TO challenges_desk;
GRANT SELECT (
    id, round, slug, position, question, sponsor, sponsor_name, time_zone, currency, opened_at, unproven, record_lines,
    record_head, stage, waits_for, until, outcome, outcome_reason, status_at
) ON challenges TO challenges_reader;
GRANT SELECT ON frozen, forms, scorecards TO challenges_worker;
GRANT SELECT, INSERT ON frozen, forms, scorecards TO challenges_desk;
GRANT SELECT ON frozen, forms, scorecards TO challenges_reader;
GRANT SELECT ON people, hand_overs, readers TO challenges_worker;
GRANT SELECT, INSERT, UPDATE ON people TO challenges_desk;
GRANT SELECT (round, id, role, sponsor) ON people TO challenges_reader;
GRANT SELECT, INSERT ON hand_overs TO challenges_desk;
GRANT SELECT (round, number, person, successor, role, sponsor, by, at) ON hand_overs TO challenges_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON readers TO challenges_desk;
GRANT SELECT ON readers TO challenges_reader;
GRANT SELECT, INSERT, UPDATE ON attention TO challenges_worker, challenges_desk;
GRANT SELECT ON attention TO challenges_reader;

-- Windows, applications, drafts and attached files. Only people write answers; the worker moves what came late.
GRANT SELECT, INSERT, UPDATE ON windows TO challenges_worker, challenges_desk;
GRANT SELECT ON windows TO challenges_reader;
GRANT SELECT, INSERT, UPDATE ON applications TO challenges_worker, challenges_desk;
GRANT SELECT (id, challenge, form, received, sent_at, version, withdrawn, erased) ON applications TO challenges_reader;
GRANT SELECT, UPDATE, DELETE ON late_applications TO challenges_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON late_applications TO challenges_desk;
GRANT SELECT ON drafts, proposals TO challenges_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON drafts TO challenges_desk;
GRANT SELECT, INSERT, DELETE ON draft_answers TO challenges_desk;
GRANT SELECT, INSERT, UPDATE ON proposals TO challenges_desk;
GRANT SELECT (application, stage, form, sent_at, version) ON proposals TO challenges_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON writers TO challenges_desk;
GRANT SELECT, DELETE ON writers TO challenges_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON invited TO challenges_worker;
GRANT SELECT ON invited TO challenges_desk, challenges_reader;
GRANT SELECT, UPDATE, DELETE ON files, attachments TO challenges_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON files, attachments TO challenges_desk;

-- Evidence for instalments: what was sent never changes, but for its words, which an erasure blanks.
GRANT SELECT, INSERT, UPDATE (statement, submission) ON evidence_sent TO challenges_desk;
GRANT SELECT, INSERT, DELETE ON evidence_files TO challenges_desk;
GRANT SELECT ON evidence_files TO challenges_worker, challenges_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON evidence_drafts TO challenges_desk;
GRANT SELECT, INSERT ON evidence_judged TO challenges_worker, challenges_desk;
GRANT SELECT ON evidence_judged TO challenges_reader;
GRANT SELECT (team, stage, number, version, challenge, sent_at) ON evidence_sent TO challenges_reader;

-- What the public sees and asks. Who has asked is told to no report.
GRANT SELECT, INSERT, UPDATE ON public_copies TO challenges_worker, challenges_desk;
GRANT SELECT ON public_copies TO challenges_reader;
GRANT SELECT, INSERT, UPDATE ON questions TO challenges_worker, challenges_desk;
GRANT SELECT (id, challenge, asked_at, late, answered_at, answered_by, dropped_at, dropped_by) ON questions
    TO challenges_reader;

-- Interests, marks and feedback. A reader of the database learns what was marked, and not the words.
GRANT SELECT ON interests, assignments, scores, agreed_marks TO challenges_worker;
GRANT SELECT, INSERT, UPDATE ON interests, scores, agreed_marks TO challenges_desk;
GRANT SELECT, INSERT, UPDATE, DELETE ON assignments TO challenges_desk;
GRANT SELECT ON assignments TO challenges_reader;
GRANT SELECT (application, person, version, conflict, at) ON interests TO challenges_reader;
GRANT SELECT (application, stage, person, criterion, version, mark, at) ON scores TO challenges_reader;
GRANT SELECT (application, stage, criterion, version, mark, by, at) ON agreed_marks TO challenges_reader;
GRANT SELECT, UPDATE ON feedback TO challenges_worker;
GRANT SELECT, INSERT, UPDATE ON feedback TO challenges_desk;
GRANT SELECT (team, stage, given_by, given_at, told_at) ON feedback TO challenges_reader;

-- Money. Only the worker enters payments and makes attempts, after it has checked the release: with the desk's password
-- alone nobody can. Only people give bank details and make files for the bank.
GRANT SELECT, INSERT, UPDATE ON payments TO challenges_worker;
GRANT SELECT, UPDATE ON payments TO challenges_desk;
GRANT SELECT ON payments TO challenges_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON transfers TO challenges_worker;
GRANT SELECT, UPDATE, DELETE ON transfers TO challenges_desk;
GRANT SELECT ON transfers TO challenges_reader;
GRANT SELECT ON payees TO challenges_worker;
GRANT SELECT, INSERT, UPDATE ON payees TO challenges_desk;
GRANT SELECT ON payment_files TO challenges_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON payment_files TO challenges_desk;
GRANT SELECT ON payment_files TO challenges_reader;
GRANT SELECT, UPDATE ON filed_transfers TO challenges_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON filed_transfers TO challenges_desk;
GRANT SELECT (transfer, file, end_to_end, pence, progress, arrived_on, doubt, reported_at) ON filed_transfers
    TO challenges_reader;
GRANT SELECT, INSERT ON bank_words TO challenges_worker, challenges_desk;
GRANT SELECT, INSERT, UPDATE ON rail_transfers TO challenges_worker;
GRANT SELECT ON rail_transfers TO challenges_desk, challenges_reader;

-- Notices. The text of one is for its recipient.
GRANT SELECT, INSERT, UPDATE ON notices TO challenges_worker, challenges_desk;
GRANT SELECT (
    key, challenge, occasion, recipient, created_at, status, status_at, channel, tries, maybe_sent, next_try, resent_at
) ON notices TO challenges_reader;

-- Sign-in. Only the desk knows by what somebody is signed in. The worker writes the letters with links, removes what is
-- over, and looks whether two ids are one human before a payment is released.
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, links, begun_sign_ins, passkeys, passkey_challenges TO challenges_desk;
GRANT SELECT, INSERT, UPDATE, DELETE ON terminal_keys, calendar_feeds TO challenges_desk;
GRANT SELECT, UPDATE, DELETE ON links TO challenges_worker;
GRANT SELECT (id, mailbox, issuer, subject, ends_at, ended_at), DELETE ON sessions TO challenges_worker;
GRANT SELECT (ends_at), DELETE ON begun_sign_ins, passkey_challenges TO challenges_worker;

-- Decisions that wait for the person whom they name.
GRANT SELECT, INSERT, UPDATE ON unconfirmed TO challenges_worker, challenges_desk;
GRANT SELECT (id, challenge, workflow, kind, person, came_at, settled_at, settled_how) ON unconfirmed
    TO challenges_reader;

-- An erasure has the tables written again; see `Database.rewrite`.
DO $$
DECLARE
    each text;
BEGIN
    IF current_setting('server_version_num')::int >= 170000 THEN
        FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'record' LOOP
            EXECUTE format('GRANT MAINTAIN ON %I TO challenges_desk', each);
        END LOOP;
    END IF;
END $$;
