"""What is read of the electronic card: whose card a code stands for, and the keys that codes are sealed with."""

CARD_OF_CODE = """
select p.number, c.number, c.serial from card c join person p on p.person_id = c.person_id
where c.person_id = %(person_id)s and c.n = %(card)s and c.kind <> 'old_medical'"""
KEYS_OF_DAY = "select id, wrapped from data_key where day = %(day)s order by made_at desc, id"
