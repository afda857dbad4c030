-- A card of a batch that nobody came for is returned.
alter table card_order
    drop constraint card_order_state_check,
    add constraint card_order_state_check check (
        state in ('chosen', 'held', 'left', 'refused', 'in_batch', 'made', 'rejected', 'missing', 'stopped', 'withdrawn',
                  'ready', 'returned', 'collected'));
