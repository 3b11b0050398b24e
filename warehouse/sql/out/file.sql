-- grain: one row an arrival of a file. key: arrival. inputs: era.file_seen
select arrival, seen_date, name, outcome, message, file_hash from era.file_seen order by arrival
