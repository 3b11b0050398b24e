-- Claims of the history that share a key with those found last, themselves not found yet. inputs: work.fresh, work.touched, work.scope_key,
-- warehouse.work.scope_key. A key counts where one of its claims has it as a strong one.
create or replace table work.fresh as
with asked as (
    select distinct scope_key from warehouse.work.scope_key semi join work.fresh using (file_hash, claim)
    union
    select distinct scope_key from work.scope_key semi join work.fresh using (file_hash, claim)
),
told as (
    select scope_key, file_hash, claim, weak from warehouse.work.scope_key semi join asked using (scope_key)
    union all
    select scope_key, file_hash, claim, weak from work.scope_key semi join asked using (scope_key)
),
strong as (select distinct scope_key from told where not weak)
select distinct file_hash, claim
from told
semi join strong using (scope_key)
anti join work.touched using (file_hash, claim)
