-- grain: one row, the night that made these tables. key: as_of_date. What views count days from: the same as-of date gives the same rows.
select $as_of::date as as_of_date
