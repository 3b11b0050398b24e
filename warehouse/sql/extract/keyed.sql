-- keyed(value): HMAC-SHA256 of a value under the pads of the key, 32 hex digits; null stays null. Pads are session variables, never stored.
create or replace temp macro keyed(value) as
    left(sha256(getvariable('id_outer') || unhex(sha256(getvariable('id_inner') || encode(value::varchar)))), 32)
