-- grain: one row a decision on a claim that a given one may be decided with. key: file_hash, claim. inputs: scope_key (work.scope_key, made for the asking)
-- All that share a key with it, and with those again: its history, the same patient's day, copies (see work.scope_key, work.fresh).
with recursive
strong as (select scope_key from scope_key group by scope_key having bool_or(not weak)),
reached(file_hash, claim) as (
    select $file_hash, $claim::integer
    union
    select b.file_hash, b.claim
    from reached r
    join scope_key a on a.file_hash = r.file_hash and a.claim = r.claim
    join strong s on s.scope_key = a.scope_key
    join scope_key b on b.scope_key = a.scope_key
)
select file_hash, claim from reached order by file_hash, claim
