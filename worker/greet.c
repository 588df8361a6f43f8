/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before identity: ICReq, ICResp, Connect. Reads exactly what these are long and never a byte more,
 * so that the connection can be handed to another process between two PDUs. Ends in one of three
 * ways: this process becomes the controller, hands an I/O queue over and exits, or refuses and
 * exits. Every phase has a deadline.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/connect.h"
#include "common/crc.h"
#include "common/logmsg.h"
#include "worker/worker.h"

#define LINGER_MS 1000u		/* for the host to read why it is refused */

enum greet_phase { GREET_ICREQ, GREET_CONNECT, GREET_WAIT, GREET_LINGER };

static const char *const phase_name[] = { "ICReq", "Connect", "the broker's answer", "linger" };

static struct greet {
	struct lane *lane;
	const struct ipc_hello *hello;
	int fd;
	enum greet_phase phase;
	struct eng_watch watch;
	struct timer deadline;
	struct pdu_env env;
	struct pdu_verdict v;
	struct pdu_tx tx;
	uint8_t hpda;
	uint32_t maxr2t;
	uint8_t buf[PDU_HEADER_MAX + 256 + ADMIN_ICD + PDU_DGST_BYTES];
	size_t have, want;
	struct ipc_connect req;
	uint16_t cid;
} g;

static void
greet_end(int status)
{
	if (g.fd == -1)
		return;
	engine_unwatch(g.lane->engine, &g.watch);
	timer_stop(&g.lane->timers, &g.deadline);
	close(g.fd);
	g.fd = -1;
	lane_stop(g.lane, status);
}

/* A fresh socket has room for the little that a greeter says: short means that it is broken. */
static int
greet_say(const void *buf, size_t len)
{
	struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return (sendmsg(g.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1);
}

/* What was said is the last word: wait a moment until the host has read it. */
static void
greet_linger(void)
{
	g.phase = GREET_LINGER;
	shutdown(g.fd, SHUT_WR);
	timer_set(&g.lane->timers, &g.deadline, LINGER_MS);
}

static void
greet_deadline(struct timer *t)
{
	(void)t;
	if (g.phase != GREET_LINGER)
		ask_log(MSG_GREET_LATE, phase_name[g.phase], 0);
	greet_end(0);
}

static void
greet_fatal(const struct pdu_verdict *v)
{
	uint8_t out[PDU_TERMREQ_MAX];
	size_t len;

	ask_log(MSG_PDU_FATAL, pdu_fes_name(v->fes), 3, (uint64_t)0, (uint64_t)v->fes,
	    (uint64_t)v->fei);
	len = pdu_put_termreq(out, v->fes, v->fei, g.buf, g.have);
	if (v->silent || greet_say(out, len) == -1)
		greet_end(0);
	else
		greet_linger();
}

/* ---- ICReq ---- */

static void
greet_icreq(void)
{
	struct pdu_icreq_params p;
	uint8_t out[128];

	pdu_get_icreq(g.buf, &p);
	g.env.hdgst = p.hdgst && g.hello->hdgst;
	g.env.ddgst = p.ddgst && g.hello->ddgst;
	g.env.icreq_done = true;
	g.env.rx_align = (uint8_t)((g.hello->cpda + 1) * 4);
	g.hpda = (uint8_t)(p.tx_align / 4 - 1);
	g.maxr2t = p.maxr2t;
	g.tx = (struct pdu_tx){ g.env.hdgst, g.env.ddgst, p.tx_align };
	if (greet_say(out, pdu_put_icresp(out, &g.env)) == -1) {
		greet_end(0);
		return;
	}
	g.phase = GREET_CONNECT;
	g.have = 0;
	g.want = PDU_COMMON_BYTES;
	timer_set(&g.lane->timers, &g.deadline, g.hello->greeting_timeout_ms);
}

/* ---- Connect ---- */

static int
greet_answer(uint16_t status, uint32_t dw0, uint16_t sqhd)
{
	struct nvme_cqe cqe = { .dw0 = le32(dw0), .sqhd = le16(sqhd),
	    .cid = le16(g.cid), .status = le16((uint16_t)(status << 1)) };
	uint8_t out[SHORT_HEAD];

	return (greet_say(out, pdu_put_capsule_resp(out, &cqe, &g.tx)));
}

static bool
greet_noflow(void)
{
	return (g.hello->noflow && (g.req.cattr & NVME_CATTR_SQFLOW_OFF) != 0);
}

static int
greet_accept(uint16_t cntlid)
{
	return (greet_answer(0, cntlid, greet_noflow() ? 0xffff : (uint16_t)(1 % g.req.sqsize)));
}

void
greet_refused(const struct ipc_refuse *r)
{
	struct connect_refusal where = { r->iattr, r->ipo };

	if (g.fd == -1 || g.phase != GREET_WAIT)
		return;
	if (greet_answer(r->status, connect_refusal_dw0(&where), 0) == -1)
		greet_end(0);
	else
		greet_linger();
}

static void
greet_ask(const struct connect_req *r)
{
	int rc;

	memcpy(g.req.hostid, r->hostid, sizeof(g.req.hostid));
	memcpy(g.req.hostnqn, r->hostnqn, sizeof(r->hostnqn));
	memcpy(g.req.subnqn, r->subnqn, sizeof(r->subnqn));
	g.req.qid = r->qid;
	g.req.cntlid = r->cntlid;
	g.req.sqsize = r->sqsize;
	g.req.kato_ms = r->kato_ms;
	g.req.cattr = r->cattr;
	g.req.digests = (uint8_t)((g.env.hdgst ? IPC_DIGEST_HEADER : 0) |
	    (g.env.ddgst ? IPC_DIGEST_DATA : 0));
	ask_state(S_ASKED);
	rc = r->qid == 0 ? ask_connect(&g.req) : ask_queue(&g.req);
	if (rc == -1)
		greet_end(1);
}

static void
greet_connect(void)
{
	const struct pdu_capsule_cmd *pdu = (const void *)g.buf;
	const uint8_t *data = g.buf + g.v.header_len + g.v.pad;
	struct connect_limits limits = { ADMIN_SQSIZE, g.hello->queue_size };
	struct connect_refusal where = { 0, 0 };
	struct connect_req r;
	struct ipc_refuse refuse;
	struct cmd cmd;
	uint16_t status;
	struct le32 d;

	g.phase = GREET_WAIT;
	timer_set(&g.lane->timers, &g.deadline, g.hello->greeting_timeout_ms);
	sqe_decode(&pdu->sqe, &cmd);
	g.cid = cmd.cid;
	memcpy(&d, data + g.v.data_len, g.v.ddgst ? sizeof(d) : 0);
	status = sqe_check_sgl(&cmd, g.v.data_len, g.env.max_icd);
	if (g.v.ddgst && crc32c(data, g.v.data_len) != le32_get(d))
		status = NVME_SC_TRANSIENT_TRANSPORT_ERROR;
	if (status == 0)
		status = connect_check(&pdu->sqe, (const void *)data, g.v.data_len, &limits, &r,
		    &where);
	if (status == 0 && r.kato_ms <= g.hello->keep_alive_max_ms) {
		greet_ask(&r);
		return;
	}
	if (status == 0) {
		status = NVME_SC_KEEP_ALIVE_INVALID | NVME_SC_DNR;
		ask_log(MSG_KATO_TOO_LONG, r.hostnqn, 2, (uint64_t)r.kato_ms,
		    (uint64_t)g.hello->keep_alive_max_ms);
	} else
		ask_log(MSG_CONNECT_MALFORMED, "", 3, (uint64_t)status, (uint64_t)where.iattr,
		    (uint64_t)where.ipo);
	refuse = (struct ipc_refuse){ .status = status, .ipo = where.ipo, .iattr = where.iattr };
	greet_refused(&refuse);
}

/* ---- exact-length reading ---- */

/* Called with g.have == g.want. Says how much is wanted next, or acts on what is complete. */
static void
greet_step(void)
{
	if (g.have == PDU_COMMON_BYTES && g.want == PDU_COMMON_BYTES) {
		if (pdu_check_common(g.buf, g.have, &g.env, &g.v) == -1)
			greet_fatal(&g.v);
		else
			g.want = g.v.header_len;
		return;
	}
	if (g.want == g.v.header_len) {
		if (pdu_check(g.buf, g.have, &g.env, &g.v) == -1) {
			greet_fatal(&g.v);
			return;
		}
		if (g.v.type == PDU_CAPSULE_CMD && g.v.total > g.want) {
			g.want = g.v.total;
			return;
		}
	}
	if (g.v.type == PDU_ICREQ && g.phase == GREET_ICREQ)
		greet_icreq();
	else if (g.v.type == PDU_CAPSULE_CMD && g.phase == GREET_CONNECT)
		greet_connect();
	else if (g.v.type == PDU_H2C_TERMREQ)
		greet_end(0);
	else
		greet_fatal(&(struct pdu_verdict){ .fes = PDU_FES_SEQUENCE });
}

static void
greet_throw_away(void)
{
	uint8_t away[4096];
	ssize_t n = recv(g.fd, away, sizeof(away), MSG_DONTWAIT);

	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		greet_end(0);
}

static void
greet_ready(struct eng_watch *w, unsigned events)
{
	ssize_t n;

	(void)w;
	if (g.phase == GREET_LINGER) {
		greet_throw_away();
		return;
	}
	if (g.phase == GREET_WAIT) {		/* what comes now is the next owner's */
		if ((events & ENG_ERR) != 0)
			greet_end(0);
		return;
	}
	n = recv(g.fd, g.buf + g.have, g.want - g.have, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		greet_end(0);
		return;
	}
	g.have += (size_t)n;
	while (g.fd != -1 && g.phase < GREET_WAIT && g.have == g.want && g.have > 0)
		greet_step();
	if (g.fd != -1 && g.phase == GREET_WAIT) {
		g.watch.events = 0;
		engine_rewatch(g.lane->engine, &g.watch);
	}
}

/* For the life of the connection, whoever serves it: answers leave at once, and a host that is gone
 * without a word is noticed even if it asked for no keep alive timer (discovery). */
static void
greet_socket(int fd)
{
	static const struct { int level, name, value; } options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },	/* seconds */
		{ IPPROTO_TCP, TCP_KEEPINTVL, 10 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 6 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value,
		    sizeof(options[i].value));
}

int
greet_start(struct lane *lane, int fd, const struct ipc_hello *hello)
{
	g = (struct greet){ .lane = lane, .hello = hello, .fd = fd, .want = PDU_COMMON_BYTES };
	g.env = (struct pdu_env){ .rx_align = 4, .max_icd = ADMIN_ICD,
	    .maxh2cdata = hello->max_h2c_data };
	g.deadline = (struct timer){ .name = "greeting", .fire = greet_deadline };
	g.watch = (struct eng_watch){ .fd = fd, .events = ENG_IN, .ready = greet_ready };
	greet_socket(fd);
	if (engine_watch(lane->engine, &g.watch) == -1)
		return (-1);
	timer_set(&lane->timers, &g.deadline, hello->greeting_timeout_ms);
	return (0);
}

/* ---- the broker's answers ---- */

static void
greet_let_go(void)
{
	engine_unwatch(g.lane->engine, &g.watch);
	timer_stop(&g.lane->timers, &g.deadline);
	g.phase = GREET_LINGER;
}

void
greet_admitted(const struct ipc_admit *admit)
{
	struct conn_params p = { .hdgst = g.env.hdgst, .ddgst = g.env.ddgst, .hpda = g.hpda,
	    .cpda = g.hello->cpda, .maxr2t = g.maxr2t, .maxh2cdata = g.hello->max_h2c_data, .max_icd = ADMIN_ICD };
	struct controller *ctrl;
	int fd = g.fd;

	if (fd == -1 || g.phase != GREET_WAIT)
		return;
	greet_let_go();
	ctrl = ctrl_new(g.lane, g.hello, admit, &g.req);
	if (ctrl == NULL || qp_open(&ctrl->admin, g.lane, ctrl, 0, g.req.sqsize,
	    greet_noflow()) == -1 || greet_accept(admit->cntlid) == -1) {
		lane_stop(g.lane, 1);
		return;
	}
	g.fd = -1;
	ask_ctrl(ctrl);
	qp_start(&ctrl->admin, fd, &p);
}

void
greet_queue_ok(const struct ipc_queue_ref *ref)
{
	struct ipc_queue_handoff h = { .token = ref->token, .sqsize = g.req.sqsize,
	    .qid = g.req.qid, .sqhd = (uint16_t)(1 % g.req.sqsize), .cattr = g.req.cattr,
	    .noflow = greet_noflow(), .hdgst = g.env.hdgst, .ddgst = g.env.ddgst,
	    .hpda = g.hpda, .cpda = g.hello->cpda, .maxr2t = g.maxr2t };

	if (g.fd == -1 || g.phase != GREET_WAIT)
		return;
	greet_let_go();
	ask_state(S_GIVE);
	if (greet_accept(g.req.cntlid) == 0)
		ask_queue_hand(&h, g.fd);
	close(g.fd);
	g.fd = -1;
	lane_stop(g.lane, 0);
}
