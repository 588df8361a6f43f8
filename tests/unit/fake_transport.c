/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

struct fake fake;

/* ---- time ---- */

uint64_t
mono_ms(void)
{
	return (fake.now_ms);
}

void
timer_list_init(struct timer_list *list)
{
	TAILQ_INIT(list);
}

void
timer_set(struct timer_list *list, struct timer *t, uint64_t in_ms)
{
	timer_stop(list, t);
	t->at_ms = fake.now_ms + in_ms;
	t->set = true;
	TAILQ_INSERT_TAIL(list, t, next);
}

void
timer_stop(struct timer_list *list, struct timer *t)
{
	if (t->set)
		TAILQ_REMOVE(list, t, next);
	t->set = false;
}

static struct timer *
next_due(uint64_t until)
{
	struct timer *t, *first = NULL;

	TAILQ_FOREACH(t, &fake.lane.timers, next)
		if (t->at_ms <= until && (first == NULL || t->at_ms < first->at_ms))
			first = t;
	return (first);
}

void
fake_pass(uint64_t ms)
{
	uint64_t until = fake.now_ms + ms;
	struct timer *t;

	while ((t = next_due(until)) != NULL) {
		fake.now_ms = t->at_ms;
		timer_stop(&fake.lane.timers, t);
		t->fire(t);
	}
	fake.now_ms = until;
}

/* ---- broker ---- */

void
ask_log(uint32_t msg, const char *text, unsigned nargs, ...)
{
	(void)text;
	(void)nargs;
	fake.logs++;
	fake.last_log = msg;
}

void
ask_stats(const struct controller *c)
{
	assert_ptr_equal(c, fake.c);
	fake.stats++;
}

void
ask_title(void)
{
}

void
lane_stop(struct lane *lane, int status)
{
	lane->stop = true;
	lane->status = status;
}

int
ask_reservation(const struct ipc_resv *m)
{
	if (fake.no_room)
		return (-1);
	fake.asked[fake.nasked++ % ARRAY_LEN(fake.asked)] = *m;
	return (0);
}

void
ask_fenced(uint64_t fence)
{
	fake.fenced[fake.nfenced++ % ARRAY_LEN(fake.fenced)] = fence;
}

/* ---- fused commands: there are none ---- */

void
fused_changed(struct lane *lane)
{
	fake.fused_version = lane->ns->version;
	fake.fused_fenced = fake.nfenced;
}

/* ---- buffers: bounce buffers are from a pool, all others from malloc ---- */

void *
lane_buffer_get(struct lane *lane, struct pool *pool, size_t len)
{
	assert_ptr_equal(lane, &fake.lane);
	return (pool_get(pool, len));
}

void
lane_buffer_put(struct lane *lane, struct pool *pool, void *buf)
{
	pool_put(pool, buf);
	lane->freed |= buf != NULL;
}

void
fake_turns(void)
{
	do {
		fake.lane.freed = false;
		bounce_turn(&fake.lane);
		memory_turn(&fake.lane.memory);
		memory_done(&fake.lane.memory);
		fake_disk_run();
	} while (fake.lane.freed || fake.lane.memory.in_flight > 0);
}

/* ---- queues ---- */

int
qp_open(struct qpair *qp, struct lane *lane, struct controller *c, uint16_t qid, uint32_t sqsize,
    bool noflow)
{
	assert_int_equal(qp->state, QP_FREE);
	memset(qp, 0, sizeof(*qp));
	qp->lane = lane;
	qp->ctrl = c;
	qp->qid = qid;
	qp->sqsize = sqsize;
	qp->noflow = noflow;
	qp->slots = calloc(FAKE_SLOTS, sizeof(*qp->slots));
	assert_non_null(qp->slots);
	for (unsigned i = 0; i < FAKE_SLOTS; i++)
		qp->slots[i].qp = qp;
	qp->state = QP_RESERVED;
	return (0);
}

void
qp_start(struct qpair *qp, int fd, const struct conn_params *p)
{
	assert_int_equal(qp->state, QP_RESERVED);
	fake.started_fd = fd;
	fake.params = *p;
	qp->state = QP_LIVE;
}

/* ---- namespaces that commands hold: as qpair.c does it ---- */

struct ns *
slot_ns(const struct slot *s)
{
	return (s->ns != NULL ? s->ns : ns_find(s->qp->lane->ns, s->cmd.nsid));
}

void
slot_hold(struct slot *s, struct ns *ns)
{
	struct ns *before = s->ns;

	if (ns != NULL)
		ns_pin(s->qp->lane, ns);
	s->ns = ns;
	if (before != NULL)
		ns_unpin(s->qp->lane, before);
}

static void
let_go(struct slot *s)
{
	struct ns *from = s->from;

	s->from = NULL;
	slot_hold(s, NULL);
	if (from != NULL)
		ns_unpin(s->qp->lane, from);
}

static void
gone(struct qpair *qp)
{
	free(qp->slots);
	qp->slots = NULL;
	qp->state = QP_FREE;
	if (qp->qid == 0)
		ctrl_queue_closed(qp->ctrl, qp);
	else
		seat_ended(&qp->ctrl->io[qp->qid - 1]);
}

void
fake_release(struct slot *s)
{
	assert_int_not_equal(s->state, SLOT_FREE);
	let_go(s);
	free(s->buf);
	s->buf = NULL;
	s->state = SLOT_FREE;
	s->qp->busy--;
	if (s->qp->state == QP_CLOSING && s->qp->busy == 0)
		gone(s->qp);
}

static bool
take_back(struct slot *s)
{
	if (s->state != SLOT_EXECUTE ||
	    (!bounce_forget(s) && (s->op.done == NULL || !lane_cancel(&fake.lane, &s->op))))
		return (false);
	bounce_put(s);
	return (true);
}

void
qp_close(struct qpair *qp, const char *why)
{
	assert_non_null(why);
	if (qp->state == QP_FREE || qp->state == QP_CLOSING)
		return;
	qp->state = QP_CLOSING;
	qp->busy++;
	if (qp->qid == 0)
		aer_drop_all(qp->ctrl);
	for (unsigned i = 0; i < FAKE_SLOTS; i++) {
		struct slot *s = &qp->slots[i];

		if (s->state == SLOT_TX || take_back(s))
			fake_release(s);
	}
	if (--qp->busy == 0)
		gone(qp);
}

enum abort_outcome
qp_abort(struct qpair *qp, uint16_t cid, struct slot *aborter)
{
	fake.aborter = aborter;
	for (unsigned i = 0; i < FAKE_SLOTS; i++) {
		struct slot *s = &qp->slots[i];

		if (s->state != SLOT_EXECUTE || s->cmd.cid != cid)
			continue;
		if (s->in_parts && fake.abort_later)
			return (ABORT_LATER);
		if (!take_back(s))
			return (ABORT_NOT);
		slot_done(s, NVME_SC_ABORT_REQUESTED);
		return (ABORT_DONE);
	}
	return (ABORT_NOT);
}

/* ---- answers ---- */

static void
answer(struct slot *s, uint16_t status, uint32_t len)
{
	assert_true(s->state == SLOT_RX || s->state == SLOT_EXECUTE);	/* once */
	s->status = status;
	s->got = len;
	s->state = SLOT_TX;
	let_go(s);
	if (status != 0)
		s->status = ctrl_error(s->qp->ctrl, s, status);
	if (s->qp->state != QP_LIVE)
		fake_release(s);
}

void
slot_done(struct slot *s, uint16_t status)
{
	answer(s, status, 0);
}

void
slot_done_data(struct slot *s, uint32_t len)
{
	assert_true(len <= s->len_out);
	answer(s, 0, len);
}

bool
fake_answered(const struct slot *s)
{
	return (s->state == SLOT_TX);
}

uint16_t
fake_status(const struct slot *s)
{
	assert_true(fake_answered(s));
	return (s->status & (uint16_t)~NVME_SC_MORE);
}

uint32_t
fake_len(const struct slot *s)
{
	assert_true(fake_answered(s));
	return (s->got);
}

/* ---- commands ---- */

static const struct cmd_rule *
find_rule(const struct qpair *qp, const struct cmd *cmd)
{
	const struct cmd_rule *rule;

	if (cmd->opc == NVME_OPC_FABRICS)
		rule = fabrics_rule(qp, cmd->fctype);
	else
		rule = qp->qid == 0 ? admin_rule(cmd->opc) : nvm_rule(cmd->opc);
	if (rule != NULL && qp->ctrl->admit.discovery && (rule->flags & RULE_DISCOVERY) == 0)
		rule = NULL;
	return (rule);
}

static struct slot *
take(struct qpair *qp)
{
	for (unsigned i = 0; i < FAKE_SLOTS; i++) {
		struct slot *s = &qp->slots[i];

		if (s->state != SLOT_FREE)
			continue;
		memset(s, 0, sizeof(*s));
		s->qp = qp;
		s->index = (uint16_t)i;
		s->state = SLOT_RX;
		s->ploc = PLOC_NONE;
		qp->busy++;
		return (s);
	}
	fail_msg("no slot");
	return (NULL);
}

struct slot *
fake_command(struct qpair *qp, const struct cmd *cmd, const void *data)
{
	struct slot *s = take(qp);
	uint16_t status;

	s->cmd = *cmd;
	s->rule = find_rule(qp, cmd);
	ctrl_alive(qp);
	if (s->rule == NULL)
		status = DNR(NVME_SC_INVALID_OPCODE);
	else if (!ctrl_enabled(qp->ctrl) && (s->rule->flags & RULE_DISABLED) == 0)
		status = NVME_SC_COMMAND_SEQUENCE_ERROR;
	else
		status = s->rule->prepare(s);
	if (status != 0) {
		slot_done(s, status);
		return (s);
	}
	assert_true(s->len_in == 0 || s->len_out == 0);
	assert_true(s->len_in + s->len_out <= cmd->sgl_len);
	if (s->len_in > 0)
		s->buf = exact_copy(data, s->len_in);
	else if (s->len_out > 0)
		s->buf = calloc(1, s->len_out);
	s->state = SLOT_EXECUTE;
	if (qp->qid != 0)
		slot_hold(s, ns_find(qp->lane->ns, s->cmd.nsid));
	s->rule->execute(s);
	return (s);
}

struct slot *
fake_admin(const struct cmd *cmd)
{
	return (fake_command(&fake.c->admin, cmd, NULL));
}

struct slot *
fake_nvm(const struct cmd *cmd, const void *data)
{
	return (fake_command(&fake.c->io[0].qp, cmd, data));
}

uint16_t
fake_admin_status(const struct cmd *cmd)
{
	struct slot *s = fake_admin(cmd);
	uint16_t status = fake_status(s);

	fake_release(s);
	return (status);
}

uint16_t
fake_nvm_status(const struct cmd *cmd, const void *data)
{
	struct slot *s = fake_nvm(cmd, data);
	uint16_t status = fake_status(s);

	fake_release(s);
	return (status);
}

/* ---- fixtures ---- */

static const struct ipc_hello hello = {
	.max_h2c_data = 262144, .icd = 16384, .max_transfer = 1 << 20,
	.greeting_timeout_ms = 5000, .transfer_timeout_ms = 20000, .keep_alive_max_ms = 120000,
	.shutdown_timeout_ms = 10000, .queue_size = 128, .queues = 4, .noflow = 1,
};

static const struct ipc_ns namespaces[] = {
	{ .nsid = NS_4K, .block_size = 4096, .nlbas = 1 << 24, .can_discard = 1,
	    .phys_block_size = 4096, .discard_gran = 65536, .opt_io_size = 196608,
	    .uuid = { 0x11, 2 } },
	{ .nsid = NS_RO, .block_size = 512, .nlbas = 1 << 20, .readonly = 1, .ram = 1 },
	{ .nsid = NS_512, .block_size = 512, .nlbas = 1 << 20, .can_discard = 1, .can_zero = 1,
	    .phys_block_size = 4096, .volatile_cache = 1, .uuid = { 0x33, 4 }, .nguid = { 5, 6 }, .eui64 = { 7, 8 } },
};

static const struct ipc_connect host = {
	.kato_ms = 0, .hostid = { 0xde, 0xad, 0xbe, 0xef }, .hostnqn = "nqn.2014-08.org.example:h",
};

int
fake_ns_fd(uint32_t nsid)
{
	const struct ns *ns = ns_find(fake.lane.ns, nsid);

	assert_non_null(ns);
	return (fake_disk_fd(ns->file));
}

void
fake_expect(enum eng_verb verb, uint32_t nsid, uint64_t offset, uint64_t len, unsigned flags,
    int error)
{
	fake_disk_expect(&(struct fake_op){ verb, fake_ns_fd(nsid), offset, len, flags, error });
}

static void
fresh(enum fake_kind kind)
{
	struct ipc_admit admit = { .cntlid = 0x1234, .discovery = kind == FAKE_DISCOVERY,
	    .nn = kind == FAKE_DISCOVERY ? 0 : 8, .serial = "SN0123", .model = "Cellblock",
	    .subnqn = "nqn.2014-08.org.example:s" };

	memset(&fake, 0, sizeof(fake));
	fake.now_ms = 1000000;
	timer_list_init(&fake.lane.timers);
	fake.lane.all = &fake.lane;
	fake.lane.nlanes = 1;
	fake.lane.ns = &ns_none;
	memory_init(&fake.lane.memory);
	TAILQ_INIT(&fake.lane.want_bounce);
	fake.lane.bounce = pool_new(BOUNCES * BOUNCE_BYTES, BOUNCE_BYTES);
	assert_non_null(fake.lane.bounce);
	fake.c = ctrl_new(&fake.lane, &hello, &admit, &host);
	assert_non_null(fake.c);
	qp_open(&fake.c->admin, &fake.lane, fake.c, 0, 32, false);
	qp_start(&fake.c->admin, -1, &(struct conn_params){ 0 });
	for (unsigned i = 0; kind == FAKE_IO && i < ARRAY_LEN(namespaces); i++)
		assert_int_equal(ns_add(fake.c, &namespaces[i], open("/dev/null", O_RDONLY)), 0);
}

void
fake_add_ram(uint32_t nsid, uint32_t block_size, uint64_t bytes)
{
	FILE *f = tmpfile();
	int fd = f == NULL ? -1 : dup(fileno(f));
	const struct ipc_ns id = { .nsid = nsid, .block_size = block_size,
	    .nlbas = bytes / block_size, .ram = 1, .can_discard = 1 };

	assert_int_not_equal(fd, -1);
	fclose(f);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	assert_int_equal(ns_add(fake.c, &id, fd), 0);
	assert_non_null(ns_find(fake.lane.ns, nsid)->map);
}

static void
enable(void)
{
	assert_int_equal(ctrl_property_set(fake.c, NVME_PROP_CC, 4, 0x00460001), 0);
	assert_true(ctrl_enabled(fake.c));
}

void
fake_connect(uint16_t qid)
{
	struct ipc_queue_ask ask = { .token = 100u + qid, .sqsize = 64, .qid = qid };
	struct ipc_queue_handoff h = { .token = 100u + qid, .sqsize = 64, .qid = qid };
	struct ipc_refuse r;

	ctrl_queue_ask(fake.c, &ask, &r);
	assert_int_equal(r.status, 0);
	ctrl_queue_give(fake.c, &h, -1);
	assert_int_equal(fake.c->io[qid - 1].state, QP_LIVE);
}

int
fake_fresh(void **state)
{
	(void)state;
	fresh(FAKE_IO);
	return (0);
}

int
fake_io(void **state)
{
	const struct cmd set = { .opc = NVME_ADMIN_SET_FEATURES, .cdw10 = 7, .cdw11 = 0x00030003 };

	(void)state;
	fresh(FAKE_IO);
	enable();
	assert_int_equal(fake_admin_status(&set), 0);
	fake_connect(1);
	return (0);
}

int
fake_discovery(void **state)
{
	(void)state;
	fresh(FAKE_DISCOVERY);
	enable();
	return (0);
}

int
fake_end(void **state)
{
	(void)state;
	ctrl_end(fake.c, "end of the test");
	fake_turns();
	assert_true(fake.lane.stop);
	fake_disk_end();
	assert_int_equal(pool_used(fake.lane.bounce), 0);
	assert_true(TAILQ_EMPTY(&fake.lane.want_bounce));
	pool_free(fake.lane.bounce);
	assert_int_equal(fake.c->admin.state, QP_FREE);
	assert_false(ctrl_has_queues(fake.c));
	ctrl_free(fake.c);
	assert_true(TAILQ_EMPTY(&fake.lane.timers));
	return (0);
}
