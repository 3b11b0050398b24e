-- grain: one row a state in which a night published a dispute; only ever added to. key: id. The journal's book `published`.
create table if not exists life.published (
    id varchar, number integer, when_date date, dispute_id varchar, version varchar, standing varchar, status varchar, assignee varchar, note varchar,
    decision_date date, last_event varchar, payer varchar, plan varchar, contract varchar, cause varchar, allowed_amount decimal(18,2),
    judged_allowed_amount decimal(18,2), expected_amount decimal(18,2), shortfall_amount decimal(18,2), recovered_amount decimal(18,2),
    file_hash varchar, claim integer, line integer
);
-- what it rests on; empty in rows of earlier versions
alter table life.published add column if not exists dispute_level varchar;
alter table life.published add column if not exists dispute_by date;
alter table life.published add column if not exists rule_set varchar;
alter table life.published add column if not exists last_arrival integer;
