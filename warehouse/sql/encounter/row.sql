-- grain: one row a row of an encounter file, as read. key: file_hash, row_number. The text of notes stands here and nowhere else.
-- content: hash of all that the row says; rows of one content say the same.
create table if not exists row (
    file_hash varchar, row_number integer, patient_account varchar, service_date date, procedure_code varchar, minutes integer,
    start_minute integer, stop_minute integer, region varchar, clinician varchar, clinician_npi varchar, assistant varchar,
    diagnosis_codes varchar, plan_from_date date, plan_to_date date, modifiers varchar, units integer, charge_cents bigint,
    payer varchar, note varchar, content varchar
)
