-- How many days each patient's dates move: 1 to 365, from a keyed hash of the patient. One row a claim, a line, a dispute, a patient.
-- inputs: published.core.claim, published.core.line, published.out.life
create or replace temp table claim_shift as
select file_hash, claim,
       1 + (('0x' || left(sha256(getvariable('shift_outer') || unhex(sha256(getvariable('shift_inner')
            || encode(coalesce(patient_key, ''))))), 8))::bigint % 365)::integer as shift_days
from published.core.claim;
create or replace temp table line_shift as
select l.line_id, c.shift_days from published.core.line l join temp.claim_shift c using (file_hash, claim);
create or replace temp table dispute_shift as
select d.dispute_id, any_value(c.shift_days) as shift_days
from published.out.life d join temp.claim_shift c using (file_hash, claim) group by all;
create or replace temp table patient_shift as
select p.patient_key, any_value(c.shift_days) as shift_days
from published.core.claim p join temp.claim_shift c using (file_hash, claim) group by all;
