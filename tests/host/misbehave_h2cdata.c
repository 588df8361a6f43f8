/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data that was asked for, sent wrong: tags, offsets, lengths, flags and moments. All of it is
 * fatal for the connection. NVMe/TCP transport, H2CData; most published holes of targets are here.
 */
#include "config.h"

#include <string.h>

#include "tests/host/misbehave.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { LEN = 32768 };	/* of the held write */
enum { WINDOW = 8192 };	/* what tests/x_transfer.sh has in r2t-size */
enum { MORE = 1 };	/* in width: value is more than the R2T asks for */

/* One good H2CData for all of the R2T, one field changed. */
static int
field(struct mis *m, const struct mis_row *r)
{
	int e;

	if ((e = mis_held_write(m, LEN)) != 0)
		return (e);
	mis_h2cdata(m, 0, m->cmd.r2t[0].len, true);
	mis_patch(m->pdu, r);
	return (mis_send(m));
}

/* `value` is added to a 16-bit field. */
static int
field_plus(struct mis *m, const struct mis_row *r)
{
	int e;

	if ((e = mis_held_write(m, LEN)) != 0)
		return (e);
	mis_h2cdata(m, 0, m->cmd.r2t[0].len, true);
	put16(m->pdu, r->at, (uint16_t)(get16(m->pdu, r->at) + r->value));
	return (mis_send(m));
}

/* Two halves: the second at offset `value` (X_ANY: where it belongs), with flags `extra`. */
static int
halves(struct mis *m, const struct mis_row *r)
{
	uint32_t half, at;
	int e;

	if ((e = mis_held_write(m, LEN)) != 0)
		return (e);
	half = m->cmd.r2t[0].len / 2;
	at = r->value == X_ANY ? half : (uint32_t)r->value;
	mis_h2cdata(m, 0, half, false);
	mis_send(m);
	mis_h2cdata(m, at, half, (r->extra & 1) != 0);
	return (mis_send(m));
}

/* A piece of `value` bytes, or so many MORE, at offset `at`, LAST or not (extra). */
static int
piece(struct mis *m, const struct mis_row *r)
{
	int e;

	if ((e = mis_held_write(m, LEN)) != 0)
		return (e);
	mis_h2cdata(m, r->at, (uint32_t)r->value + (r->width == MORE ? m->cmd.r2t[0].len : 0),
	    r->extra != 0);
	return (mis_send(m));
}

/* More than MAXH2CDATA in one PDU, of a transfer that is as long as that. */
static int
over_maxh2cdata(struct mis *m, const struct mis_row *r)
{
	uint32_t max = m->q->conn.maxh2cdata;
	int e;

	if (max > MIS_BUF_MAX / 2)
		return (mis_skip(m, "MAXH2CDATA is very large"));
	if ((e = mis_long_write(m, 2 * max < m->ctrl.mdts ? 2 * max : m->ctrl.mdts)) != 0)
		return (e);
	mis_h2cdata(m, 0, max + (uint32_t)r->value, false);
	return (mis_send(m));
}

/* The tag of nobody: no write was ever sent, or the one before is over. */
static int
without_r2t(struct mis *m, const struct mis_row *r)
{
	m->cmd.cid = 1;
	m->cmd.r2t[0] = (struct host_r2t){(uint16_t)r->value, 0, 4096, 0};
	mis_h2cdata(m, 0, 4096, true);
	return (mis_send(m));
}

static int
after_completion(struct mis *m, const struct mis_row *r)
{
	int e;

	(void)r;
	if ((e = mis_held_write(m, LEN)) != 0)
		return (e);
	do {
		mis_h2cdata(m, 0, m->cmd.r2t[m->cmd.r2t_first].len, true);
		m->cmd.r2t_first = (m->cmd.r2t_first + 1) % HOST_R2TS;
		m->cmd.r2t_count--;
		mis_send(m);
		if (mis_wait(m, &m->cmd) != 0)
			return (MIS_SETUP);
	} while (!m->cmd.complete);
	m->watch = NULL;
	return (mis_send(m));
}

/* Abort, then the data, which may be under way when the Abort is: it is taken, and not written. */
static int
after_abort(struct mis *m, const struct mis_row *r)
{
	struct host_queue *q = m->q;
	int e;

	(void)r;
	if ((e = mis_held_write(m, LEN)) != 0)
		return (e);
	if (m->cmd.r2t[0].len != LEN)
		return (mis_skip(m, "the R2T is not for all of it"));
	host_fill_abort(&m->other, q->qid, m->cmd.cid);
	if (host_queue_exec(m->ctrl.admin, &m->other) == -1 || m->other.status != 0 ||
	    m->other.dw0 != 0)
		return (mis_fail(m, "Abort: status %#x, DW0 %#x", m->other.status, m->other.dw0));
	mis_h2cdata(m, 0, m->cmd.r2t[0].len, true);
	return (mis_send(m));
}

/* For a read in flight there is nothing to send; its cid with tag 0. */
static int
for_a_read(struct mis *m, const struct mis_row *r)
{
	host_fill_read(&m->other, m->ns.nsid, 0, 1, m->buf + LEN, m->ns.block);
	host_queue_submit(m->q, &m->other);
	m->cmd.cid = m->other.cid;
	m->cmd.r2t[0] = (struct host_r2t){(uint16_t)r->value, 0, 4096, 0};
	mis_h2cdata(m, 0, 4096, true);
	return (mis_send(m));
}

/* Half of the data, then the end. */
static int
leave_half_way(struct mis *m, const struct mis_row *r)
{
	int e;

	if ((e = mis_held_write(m, LEN)) != 0)
		return (e);
	mis_h2cdata(m, 0, m->cmd.r2t[0].len / 2, false);
	m->pdu_len = r->value < m->pdu_len ? (size_t)r->value : m->pdu_len;
	mis_send(m);
	return (mis_gone(m));
}

/* A write that is asked for in windows, of which two are open at least. */
static int
two_windows(struct mis *m)
{
	int64_t deadline = host_now_ms() + m->wait_ms;
	int e;

	if (m->opts.maxr2t == 0)
		return (mis_skip(m, "only with --maxr2t"));
	if ((e = mis_held_write(m, LEN)) != 0)
		return (e);
	if (m->cmd.r2t[0].len == LEN)
		return (mis_skip(m, "the R2T is for all of it"));
	while (m->cmd.r2t_count < 2) {
		if (host_queue_wait(&m->q, 1, 20) == -1)
			return (mis_fail(m, "%s", m->q->conn.error.text));
		if (host_now_ms() >= deadline)
			return (mis_fail(m, "one R2T, where two are permitted"));
	}
	return (0);
}

/* In window `width` a piece at `value` of the transfer, `extra` bytes (0: the window), LAST. */
static int
window(struct mis *m, const struct mis_row *r)
{
	int e;

	if ((e = two_windows(m)) != 0)
		return (e);
	m->cmd.r2t_first = r->width;
	mis_h2cdata(m, 0, r->extra != 0 ? r->extra : m->cmd.r2t[0].len, true);
	put32(m->pdu, DATA_OFFSET, (uint32_t)r->value);
	return (mis_send(m));
}

/* The second one first, then again; its tag may be that of a later window already. */
static int
window_again(struct mis *m, const struct mis_row *r)
{
	int e;

	(void)r;
	if ((e = two_windows(m)) != 0)
		return (e);
	m->cmd.r2t_first = 1;
	mis_h2cdata(m, 0, m->cmd.r2t[1].len, true);
	m->cmd.r2t_first = 0;
	m->cmd.r2t_count--;
	memmove(&m->cmd.r2t[1], &m->cmd.r2t[2], (m->cmd.r2t_count - 1) * sizeof(m->cmd.r2t[0]));
	mis_send(m);
	return (mis_send(m));
}

/* Each as it comes, the newest first: permitted. */
static int
windows_backwards(struct mis *m, const struct mis_row *r)
{
	struct host_cmd *cmd = &m->cmd;
	int e;

	(void)r;
	if ((e = two_windows(m)) != 0)
		return (e);
	while (!cmd->complete) {
		unsigned newest = (cmd->r2t_first + cmd->r2t_count - 1) % HOST_R2TS;
		unsigned oldest = cmd->r2t_first;

		cmd->r2t_first = newest;
		mis_h2cdata(m, 0, cmd->r2t[newest].len, true);
		cmd->r2t_first = oldest;
		cmd->r2t_count--;
		mis_send(m);
		if (mis_wait(m, cmd) != 0)
			return (MIS_SETUP);
	}
	return (0);
}

/* Abort with two windows open, which are answered all the same. */
static int
abort_windows(struct mis *m, const struct mis_row *r)
{
	int e;

	(void)r;
	if ((e = two_windows(m)) != 0)
		return (e);
	host_fill_abort(&m->other, m->q->qid, m->cmd.cid);
	if (host_queue_exec(m->ctrl.admin, &m->other) == -1 || m->other.status != 0 ||
	    m->other.dw0 != 0)
		return (mis_fail(m, "Abort: status %#x, DW0 %#x", m->other.status, m->other.dw0));
	while (m->cmd.r2t_count > 0) {
		mis_h2cdata(m, 0, m->cmd.r2t[m->cmd.r2t_first].len, true);
		m->cmd.r2t_first = (m->cmd.r2t_first + 1) % HOST_R2TS;
		m->cmd.r2t_count--;
		mis_send(m);
	}
	return (0);
}

#define NO_TAG {TERM(1, DATA_TTAG), TERM(1, DATA_CCCID)}
#define SEQUENCE {TERM(2, X_ANY)}
#define RANGE {TERM(4, X_ANY)}

static const struct mis_row rows[] = {
	{ "before-connect", L_GREETED, without_r2t, 0, 0, 0, {TERM_ANY}, 0, 0 },
	{ "on-admin-queue", L_ENABLED, without_r2t, 0, 0, 0, {TERM_ANY}, 0, 0 },
	{ "ttag-0-idle", L_IO, without_r2t, 0, 0, 0, NO_TAG, 0, 0 },
	{ "ttag-1-idle", L_IO, without_r2t, 0, 0, 1, NO_TAG, 0, 0 },
	{ "ttag-max-idle", L_IO, without_r2t, 0, 0, 0xffff, NO_TAG, 0, 0 },
	{ "ttag-queue-size", L_IO, without_r2t, 0, 0, 32, NO_TAG, 0, 0 },
	{ "ttag-of-read", L_IO, for_a_read, 0, 0, 0, NO_TAG, 0, 0 },
	{ "ttag-next", L_IO, field_plus, DATA_TTAG, 2, 1, NO_TAG, 0, 0 },
	{ "ttag-before", L_IO, field_plus, DATA_TTAG, 2, 0xffff, NO_TAG, 0, 0 },
	{ "ttag-far", L_IO, field_plus, DATA_TTAG, 2, 0x8000, NO_TAG, 0, 0 },
	{ "cccid-other", L_IO, field_plus, DATA_CCCID, 2, 1, NO_TAG, 0, 0 },
	{ "cccid-far", L_IO, field_plus, DATA_CCCID, 2, 0x8000, NO_TAG, 0, 0 },
	{ "datao-more", L_IO, piece, 4, 0, 4096, SEQUENCE, 0, 0 },
	{ "datao-end", L_IO, field, DATA_OFFSET, 4, LEN, {TERM(4, X_ANY), TERM(2, X_ANY)}, 0, 0 },
	{ "datao-beyond", L_IO, field, DATA_OFFSET, 4, 1 << 30, RANGE, 0, 0 },
	{ "datao-wrap", L_IO, field, DATA_OFFSET, 4, 0xfffffffc, RANGE, 0, 0 },
	{ "datao-again", L_IO, halves, 0, 0, 0, SEQUENCE, 0, 1 },
	{ "datao-overlap", L_IO, halves, 0, 0, 4, SEQUENCE, 0, 0 },
	{ "datal-0", L_IO, piece, 0, 0, 0, {TERM(1, X_ANY)}, 0, 0 },
	{ "datal-beyond", L_IO, piece, 0, MORE, 4, RANGE, 0, 1 },
	{ "datal-far-beyond", L_IO, piece, 0, MORE, LEN, RANGE, 0, 1 },
	{ "datal-odd", L_IO, piece, 0, 0, 4098, {TERM(1, X_ANY)}, 0, 0 },
	{ "datal-less", L_IO, field, DATA_LENGTH, 4, LEN - 4, {TERM(1, DATA_LENGTH)}, 0, 0 },
	{ "datal-more", L_IO, field, DATA_LENGTH, 4, LEN + 4, {TERM(1, DATA_LENGTH)}, 0, 0 },
	{ "datal-max", L_IO, field, DATA_LENGTH, 4, 0xffffffff, {TERM(5, X_ANY),
	    TERM(1, DATA_LENGTH)}, 0, 0 },
	{ "over-maxh2cdata", L_IO, over_maxh2cdata, 0, 0, 4, {TERM(5, X_ANY)}, 0, 0 },
	{ "last-missing", L_IO, halves, 0, 0, X_ANY, SEQUENCE, 0, 0 },
	{ "last-early", L_IO, piece, 0, 0, 4096, SEQUENCE, 0, 1 },
	{ "flags-success", L_IO, field, CH_FLAGS, 1, SPEC_F_LAST | SPEC_F_SUCCESS, {TERM(1, 1)}, 0,
	    0 },
	{ "hlen", L_IO, field, CH_HLEN, 1, 72, {TERM(1, 2)}, 0, 0 },
	{ "pdo-0", L_IO, field, CH_PDO, 1, 0, {TERM(1, 3)}, 0, 0 },
	{ "pdo-in-header", L_IO, field, CH_PDO, 1, 20, {TERM(1, 3)}, 0, 0 },
	{ "pdo-odd", L_IO, field, CH_PDO, 1, 26, {TERM(1, 3)}, 0, 0 },
	{ "plen-short", L_IO, field, CH_PLEN, 4, 24, {TERM(1, 4)}, 0, 0 },
	{ "plen-max", L_IO, field, CH_PLEN, 4, 0xffffffff, {TERM(5, X_ANY), TERM(1, 4)}, 0, 0 },
	{ "after-completion", L_IO, after_completion, 0, 0, 0, NO_TAG, 0, 0 },
	{ "after-abort", L_IO, after_abort, 0, 0, 0, {STATUS(ST_ABORTED)}, 0, 0 },
	{ "window-of-the-other", L_IO, window, 0, 0, WINDOW, RANGE, 0, 0 },
	{ "window-before", L_IO, window, 0, 1, 0, RANGE, 0, 0 },
	{ "window-beyond", L_IO, window, 0, 1, WINDOW, RANGE, 0, 2 * WINDOW },
	{ "window-across", L_IO, window, 0, 0, 0, RANGE, 0, WINDOW + 4 },
	{ "window-gap", L_IO, window, 0, 1, WINDOW + 4, SEQUENCE, 0, 4 },
	{ "window-last-early", L_IO, window, 0, 1, WINDOW, SEQUENCE, 0, 4 },
	{ "window-not-asked-for", L_IO, window, 0, 1, 3 * WINDOW, RANGE, 0, 0 },
	{ "window-again", L_IO, window_again, 0, 0, 0, {TERM(1, DATA_TTAG),
	    TERM(4, X_ANY)}, 0, 0 },
	{ "windows-backwards", L_IO, windows_backwards, 0, 0, 0, {SUCCESS}, 0, 0 },
	{ "windows-aborted", L_IO, abort_windows, 0, 0, 0, {STATUS(ST_ABORTED)}, 0, 0 },
	{ "leave-half-way", L_IO, leave_half_way, 0, 0, 1 << 20, {CLOSE}, 0, 0 },
	{ "leave-in-data", L_IO, leave_half_way, 0, 0, 100, {CLOSE}, 0, 0 },
	{ "leave-in-header", L_IO, leave_half_way, 0, 0, 12, {CLOSE}, 0, 0 },
};

const struct mis_table mis_rows_h2cdata = { "h2cdata", rows, ROWS(rows) };
