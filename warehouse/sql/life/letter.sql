-- grain: one row a letter that came, or that one was answered; only ever added to. key: id. The journal's book `letter`.
create table if not exists life.letter (
    id varchar, number integer, when_date date, who varchar, letter_id varchar, kind varchar, letter_date date, days integer, payer varchar,
    patient_account varchar, payer_claim_number varchar, amount decimal(18,2), note varchar, answered_date date
)
