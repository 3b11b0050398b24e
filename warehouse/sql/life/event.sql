-- grain: one row a change that a person made to a dispute; only ever added to. key: id. The journal's book `event`.
-- A column left empty was not changed; an empty text clears it; a date, decision_cleared. `after`: the last row of life.published when it was entered.
create table if not exists life.event (
    id varchar, number integer, when_date date, who varchar, dispute_id varchar, file_hash varchar, claim integer, line integer,
    status varchar, assignee varchar, note varchar, decision_date date, "after" integer, source varchar
);
alter table life.event add column if not exists decision_cleared boolean;
