-- What the dashboard is told of as it happens, and what its figures are found by.

-- +goose Up
CREATE TABLE live_events (
    -- of the transaction that made it: whatever is below every running transaction is final, whatever order rows were numbered in
    xid  xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id   bigint GENERATED ALWAYS AS IDENTITY,
    type text NOT NULL,
    -- ids, codes and words of ours; nothing of a person
    refs jsonb NOT NULL DEFAULT '{}',
    at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT live_events_pkey PRIMARY KEY (xid, id),
    CONSTRAINT live_event_type_form CHECK (type ~ '^[a-z_]+\.[a-z_]+$')
);
COMMENT ON TABLE live_events IS 'That something changed, written by triggers and kept for a day. The newest that is older stays: who asks for more than it is told to begin anew.';
CREATE INDEX live_events_at_idx ON live_events (at);
INSERT INTO live_events (type) VALUES ('stream.began');

-- +goose StatementBegin
CREATE FUNCTION tell_live(event_type text, event_refs jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO live_events (type, refs) VALUES (event_type, jsonb_strip_nulls(event_refs))
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION live_of_booking_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live(CASE
            WHEN NEW.kind IN ('held', 'extended', 'confirmed', 'expired', 'cancelled', 'completed', 'no_show', 'moved', 'edited', 'money')
                THEN 'reservation.' || NEW.kind
            ELSE 'reservation.noted'
        END, jsonb_build_object('code', (SELECT r.code FROM reservations r WHERE r.id = NEW.reservation_id), 'status', NEW.status_after,
            'accommodation_id', NEW.accommodation_id_after));
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER booking_events_live AFTER INSERT ON booking_events FOR EACH ROW EXECUTE FUNCTION live_of_booking_event();

-- +goose StatementBegin
CREATE FUNCTION live_of_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live(CASE TG_OP WHEN 'INSERT' THEN 'payment.recorded' ELSE 'payment.changed' END,
        jsonb_build_object('payment_id', NEW.provider_id, 'status', NEW.status,
            'code', (SELECT r.code FROM reservations r WHERE r.id = NEW.reservation_id)));
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER payments_live_birth AFTER INSERT ON payments FOR EACH ROW EXECUTE FUNCTION live_of_payment();
CREATE TRIGGER payments_live AFTER UPDATE ON payments FOR EACH ROW
    WHEN ((OLD.status, OLD.disposition, OLD.counted, OLD.refunded_centavos, OLD.reservation_id)
        IS DISTINCT FROM (NEW.status, NEW.disposition, NEW.counted, NEW.refunded_centavos, NEW.reservation_id))
    EXECUTE FUNCTION live_of_payment();

-- +goose StatementBegin
CREATE FUNCTION live_of_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live('refund.changed', jsonb_build_object('refund_id', NEW.id, 'status', NEW.status, 'payment_id', p.provider_id, 'code', r.code))
    FROM payments p LEFT JOIN reservations r ON r.id = p.reservation_id WHERE p.id = NEW.payment_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER refunds_live_birth AFTER INSERT ON refunds FOR EACH ROW EXECUTE FUNCTION live_of_refund();
CREATE TRIGGER refunds_live AFTER UPDATE ON refunds FOR EACH ROW
    WHEN ((OLD.status, OLD.decision) IS DISTINCT FROM (NEW.status, NEW.decision)) EXECUTE FUNCTION live_of_refund();

-- +goose StatementBegin
CREATE FUNCTION live_of_dispute() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live('payment.disputed', jsonb_build_object('payment_id', p.provider_id, 'status', NEW.outcome, 'code', r.code))
    FROM payments p LEFT JOIN reservations r ON r.id = p.reservation_id WHERE p.id = NEW.payment_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER disputes_live_birth AFTER INSERT ON disputes FOR EACH ROW EXECUTE FUNCTION live_of_dispute();
CREATE TRIGGER disputes_live AFTER UPDATE ON disputes FOR EACH ROW
    WHEN (OLD.outcome <> NEW.outcome) EXECUTE FUNCTION live_of_dispute();

-- +goose StatementBegin
CREATE FUNCTION live_of_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live('message.' || NEW.status, jsonb_build_object('message_id', NEW.id, 'guest_id', NEW.guest_id));
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER messages_live_birth AFTER INSERT ON messages FOR EACH ROW
    WHEN (NEW.guest_id IS NOT NULL) EXECUTE FUNCTION live_of_message();
CREATE TRIGGER messages_live AFTER UPDATE OF status ON messages FOR EACH ROW
    WHEN (NEW.guest_id IS NOT NULL AND OLD.status <> NEW.status AND NEW.status IN ('sent', 'delivered', 'read', 'failed'))
    EXECUTE FUNCTION live_of_message();

-- +goose StatementBegin
CREATE FUNCTION live_of_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live(CASE WHEN NEW.handed_over THEN 'conversation.taken_over' ELSE 'conversation.handed_back' END,
        jsonb_build_object('guest_id', NEW.guest_id));
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER conversations_live AFTER UPDATE ON conversations FOR EACH ROW
    WHEN ((OLD.handed_over, OLD.handed_over_until) IS DISTINCT FROM (NEW.handed_over, NEW.handed_over_until))
    EXECUTE FUNCTION live_of_conversation();

-- +goose StatementBegin
CREATE FUNCTION live_of_conflict() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live(CASE WHEN NEW.resolved_at IS NULL THEN 'calendar.conflict' ELSE 'calendar.conflict_resolved' END,
        jsonb_build_object('conflict_id', NEW.id, 'code', r.code, 'accommodation_id', r.accommodation_id))
    FROM reservations r WHERE r.id = NEW.reservation_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER calendar_conflicts_live_birth AFTER INSERT ON calendar_conflicts FOR EACH ROW EXECUTE FUNCTION live_of_conflict();
CREATE TRIGGER calendar_conflicts_live AFTER UPDATE ON calendar_conflicts FOR EACH ROW
    WHEN (OLD.resolved_at IS DISTINCT FROM NEW.resolved_at) EXECUTE FUNCTION live_of_conflict();

-- +goose StatementBegin
CREATE FUNCTION live_of_block() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live(CASE WHEN NEW.active THEN 'calendar.closed' ELSE 'calendar.opened' END,
        jsonb_build_object('block_id', NEW.id, 'accommodation_id', NEW.accommodation_id));
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER calendar_blocks_live_birth AFTER INSERT ON calendar_blocks FOR EACH ROW
    WHEN (NEW.active) EXECUTE FUNCTION live_of_block();
CREATE TRIGGER calendar_blocks_live AFTER UPDATE ON calendar_blocks FOR EACH ROW
    WHEN ((OLD.active, OLD.start_date, OLD.end_date, OLD.accommodation_id) IS DISTINCT FROM (NEW.active, NEW.start_date, NEW.end_date, NEW.accommodation_id))
    EXECUTE FUNCTION live_of_block();

-- +goose StatementBegin
CREATE FUNCTION live_of_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live('calendar.feed', jsonb_build_object('feed_id', NEW.id, 'accommodation_id', NEW.accommodation_id,
        'status', CASE
            WHEN NEW.deleted_at IS NOT NULL THEN 'deleted'
            WHEN NEW.paused_at IS NOT NULL THEN 'paused'
            WHEN NEW.quarantined_at IS NOT NULL THEN 'quarantined'
            WHEN NEW.failures > 0 THEN 'failing'
            ELSE 'well'
        END));
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER calendar_feeds_live_birth AFTER INSERT ON calendar_feeds FOR EACH ROW EXECUTE FUNCTION live_of_feed();
CREATE TRIGGER calendar_feeds_live AFTER UPDATE ON calendar_feeds FOR EACH ROW
    WHEN ((OLD.failures > 0, OLD.quarantined_at IS NULL, OLD.paused_at IS NULL, OLD.deleted_at IS NULL)
        IS DISTINCT FROM (NEW.failures > 0, NEW.quarantined_at IS NULL, NEW.paused_at IS NULL, NEW.deleted_at IS NULL))
    EXECUTE FUNCTION live_of_feed();

CREATE INDEX reservations_check_out_idx ON reservations (check_out);
CREATE INDEX messages_sent_at_idx ON messages (sent_at);
CREATE INDEX audit_log_action_idx ON audit_log (action, id);

-- +goose Down
DROP INDEX audit_log_action_idx;
DROP INDEX messages_sent_at_idx;
DROP INDEX reservations_check_out_idx;
DROP TRIGGER calendar_feeds_live ON calendar_feeds;
DROP TRIGGER calendar_feeds_live_birth ON calendar_feeds;
DROP FUNCTION live_of_feed;
DROP TRIGGER calendar_blocks_live ON calendar_blocks;
DROP TRIGGER calendar_blocks_live_birth ON calendar_blocks;
DROP FUNCTION live_of_block;
DROP TRIGGER calendar_conflicts_live ON calendar_conflicts;
DROP TRIGGER calendar_conflicts_live_birth ON calendar_conflicts;
DROP FUNCTION live_of_conflict;
DROP TRIGGER conversations_live ON conversations;
DROP FUNCTION live_of_conversation;
DROP TRIGGER messages_live ON messages;
DROP TRIGGER messages_live_birth ON messages;
DROP FUNCTION live_of_message;
DROP TRIGGER disputes_live ON disputes;
DROP TRIGGER disputes_live_birth ON disputes;
DROP FUNCTION live_of_dispute;
DROP TRIGGER refunds_live ON refunds;
DROP TRIGGER refunds_live_birth ON refunds;
DROP FUNCTION live_of_refund;
DROP TRIGGER payments_live ON payments;
DROP TRIGGER payments_live_birth ON payments;
DROP FUNCTION live_of_payment;
DROP TRIGGER booking_events_live ON booking_events;
DROP FUNCTION live_of_booking_event;
DROP FUNCTION tell_live;
DROP TABLE live_events;
