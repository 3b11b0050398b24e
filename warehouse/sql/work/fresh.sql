-- Claims of the history that share a key with those found last, themselves not found yet. inputs: work.fresh, work.touched, work.scope_key,
-- warehouse.work.scope_key. A key counts where one of its claims has it as a strong one.
create or replace table work.fresh as
with known as (
    select scope_key, file_hash, claim, weak from warehouse.work.scope_key
    union
    select scope_key, file_hash, claim, weak from work.scope_key
),
asked as (select distinct k.scope_key from known k semi join work.fresh f using (file_hash, claim)),
told as (
    select k.scope_key, k.file_hash, k.claim, bool_and(k.weak) over (partition by k.scope_key) as all_weak
    from known k semi join asked using (scope_key)
)
select distinct file_hash, claim from told
where not all_weak
  and not exists (from work.touched t where t.file_hash = told.file_hash and t.claim = told.claim)
