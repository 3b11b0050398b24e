-- grain: one row a day's note and one of the notes before it of the same patient. inputs: day_note, patient (account to patient), pair
-- Each note is held against the $look_back before it, so the work grows with the notes and not with their square.
with dated as (
    select n.note_hash, n.text, coalesce(p.patient, n.patient_account) as patient, n.service_date, n.patient_account,
           row_number() over (partition by coalesce(p.patient, n.patient_account) order by n.service_date, n.patient_account) as place
    from day_note n left join patient p on p.patient_account = n.patient_account
)
select l.patient_account, l.service_date, e.service_date as earlier_date, l.note_hash, e.note_hash as earlier_hash, k.similarity
from dated l
join dated e on e.patient = l.patient and e.place between l.place - $look_back and l.place - 1 and e.service_date < l.service_date
left join pair k on k.note_hash = l.note_hash and k.earlier_hash = e.note_hash
order by l.patient_account, l.service_date, e.service_date, e.note_hash
