"""When the steps of making somebody's card were recorded, as the journal has them."""

# A card is cancelled on request without its application's end; on a death or a leaving the application ends too.
STEPS = """
select distinct on (service) service, at from journal
where person_id = %(person_id)s and service = any(%(services)s) and outcome = 'accepted'
  and (service <> 'cancel_card' or body like '%%"application_withdrawn"%%')
order by service, seq desc"""
