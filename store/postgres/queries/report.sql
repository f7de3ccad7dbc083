-- name: ListMoneyOfDay :many
-- What moved between two instants, one row for each payment, by the provider's clock where it told: when it approved, and when it reported
-- that somebody else gave money back. What we gave back counts from when it was done. What was given back elsewhere is told apart as it was
-- when each report came: it is what was reported beyond our own refunds of then.
WITH moved AS (
    SELECT p.id, p.provider, p.provider_id, p.reservation_id, p.currency,
        CASE WHEN t.taken_at >= @since::timestamptz AND t.taken_at < @until::timestamptz THEN greatest(p.amount_centavos, 0) ELSE 0 END::bigint AS taken_centavos,
        f.ours_centavos, t.elsewhere_until - t.elsewhere_since AS elsewhere_centavos, d.opened_centavos, d.lost_centavos, d.won_centavos
    FROM payments p
    -- a payment that was undone has no return at the provider
    CROSS JOIN LATERAL (SELECT CASE WHEN p.status IN ('cancelled', 'rejected') THEN p.refunded_centavos ELSE p.returned_elsewhere_centavos END AS most) b
    CROSS JOIN LATERAL (
        SELECT coalesce(min(m.credited_at), min(e.approved_at), min(e.provider_updated_at) FILTER (WHERE e.brought)) AS taken_at,
            coalesce(max(e.elsewhere) FILTER (WHERE e.provider_updated_at < @since::timestamptz), 0)::bigint AS elsewhere_since,
            coalesce(max(e.elsewhere) FILTER (WHERE e.provider_updated_at < @until::timestamptz), 0)::bigint AS elsewhere_until
        FROM (
            SELECT v.provider_updated_at, v.status IN ('approved', 'refunded', 'charged_back', 'in_mediation') AS brought,
                (jsonb_path_query_first(v.raw, '$.date_approved.datetime("YYYY-MM-DD\"T\"HH24:MI:SS.MSTZH:TZM")', '{}', true) #>> '{}')::timestamptz AS approved_at,
                CASE WHEN v.verdict NOT IN ('chargeback', 'lost') THEN least(b.most, greatest(v.refunded_centavos - (
                    SELECT coalesce(sum(o.amount_centavos), 0) FROM refunds o
                    WHERE o.payment_id = p.id AND o.status <> 'failed' AND o.created_at <= v.received_at), 0)) END AS elsewhere
            FROM payment_events v WHERE v.payment_id = p.id) e
        LEFT JOIN movements m ON m.payment_id = p.id) t
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(o.amount_centavos), 0)::bigint AS ours_centavos FROM refunds o
        WHERE o.payment_id = p.id AND o.status = 'done' AND o.updated_at >= @since::timestamptz AND o.updated_at < @until::timestamptz) f
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(s.amount_centavos) FILTER (WHERE s.opened_at >= @since::timestamptz AND s.opened_at < @until::timestamptz), 0)::bigint AS opened_centavos,
            coalesce(sum(s.amount_centavos) FILTER (WHERE s.outcome = 'lost' AND s.decided_at >= @since::timestamptz AND s.decided_at < @until::timestamptz), 0)::bigint AS lost_centavos,
            coalesce(sum(s.amount_centavos) FILTER (WHERE s.outcome = 'won' AND s.decided_at >= @since::timestamptz AND s.decided_at < @until::timestamptz), 0)::bigint AS won_centavos
        FROM disputes s WHERE s.payment_id = p.id) d
    WHERE p.collector_ours AND (p.provider_updated_at >= @since::timestamptz
        OR EXISTS (SELECT 1 FROM movements m WHERE m.payment_id = p.id AND m.credited_at >= @since::timestamptz)
        OR EXISTS (SELECT 1 FROM refunds o WHERE o.payment_id = p.id AND o.status = 'done' AND o.updated_at >= @since::timestamptz))
)
SELECT m.provider, m.provider_id, coalesce(r.code, '')::text AS code, m.currency, m.taken_centavos, m.ours_centavos, m.elsewhere_centavos::bigint AS elsewhere_centavos,
    m.opened_centavos, m.lost_centavos, m.won_centavos
FROM moved m LEFT JOIN reservations r ON r.id = m.reservation_id
WHERE (m.taken_centavos, m.ours_centavos, m.elsewhere_centavos, m.opened_centavos, m.lost_centavos, m.won_centavos) <> (0, 0, 0, 0, 0, 0)
ORDER BY m.id;

-- name: ListOpenMoney :many
-- Money that somebody or something still has to move, as it is now; each centavo under one kind.
WITH open AS (
    SELECT p.disposition AS kind, p.id AS payment_id, greatest(p.amount_centavos - greatest(p.refunded_centavos, (
        SELECT coalesce(sum(f.amount_centavos), 0) FROM refunds f WHERE f.payment_id = p.id AND f.status <> 'failed')), 0) AS centavos
    FROM payments p WHERE p.disposition IN ('parked', 'offered', 'to_refund')
        AND NOT EXISTS (SELECT 1 FROM disputes d WHERE d.payment_id = p.id AND d.outcome = 'open')
    UNION ALL
    SELECT 'refund_' || f.status, f.payment_id, f.amount_centavos FROM refunds f JOIN payments p ON p.id = f.payment_id
    WHERE f.status IN ('planned', 'awaiting_approval', 'by_hand', 'in_process')
        OR f.status = 'failed' AND f.decision <> 'refused' AND p.disposition NOT IN ('parked', 'to_refund', 'refunded', 'reversed')
    UNION ALL
    SELECT 'disputed', d.payment_id, d.amount_centavos FROM disputes d WHERE d.outcome = 'open'
)
SELECT o.kind, coalesce(r.code, 'payment ' || p.provider_id)::text AS whose, p.currency, o.centavos::bigint AS centavos
FROM open o JOIN payments p ON p.id = o.payment_id LEFT JOIN reservations r ON r.id = p.reservation_id
WHERE o.centavos > 0 OR o.kind = 'parked'
UNION ALL
SELECT 'balance', m.code, m.currency, m.due_total_centavos
FROM reservations r JOIN reservation_money m ON m.reservation_id = r.id
WHERE r.reservation_status = 'confirmed' AND m.due_total_centavos > 0
ORDER BY 1, 2;

-- name: ListMoneyOfBookings :many
SELECT m.code, m.currency, m.kept_centavos, m.due_total_centavos FROM reservation_money m WHERE m.code = ANY(@codes::text[]) ORDER BY m.code;
