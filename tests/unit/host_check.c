/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The judge of the test host: for every rule one PDU that breaks only this rule, and the name of
 * the fault. The other end of the socket pair is this test.
 */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

enum base { BASE_ICRESP, BASE_TERM, BASE_RESP, BASE_DATA, BASE_R2T };

enum { LEN = 512 };	/* of the one command in flight */

struct fixture {
	struct host_queue *q;
	struct host_cmd	 cmd;
	uint8_t		 buf[LEN];
	int		 peer;
};

/* offset: of the byte, or 16-bit or 32-bit field (width), that gets another value. */
static const struct row {
	const char	*what;
	enum base	 base;
	unsigned	 offset, width;
	uint32_t	 value;
	enum host_fault	 fault;
} rows[] = {
	{"the type is unknown", BASE_RESP, CH_TYPE, 1, 0x0b, HOST_PDU_TYPE},
	{"the type is the host's", BASE_RESP, CH_TYPE, 1, SPEC_CMD, HOST_PDU_TYPE},
	{"a flag is reserved", BASE_RESP, CH_FLAGS, 1, 0x10, HOST_PDU_FLAGS},
	{"a response has LAST", BASE_RESP, CH_FLAGS, 1, SPEC_F_LAST, HOST_PDU_FLAGS},
	{"a digest that was not agreed", BASE_RESP, CH_FLAGS, 1, SPEC_F_HDGST, HOST_DIGEST_FLAG},
	{"a data digest likewise", BASE_DATA, CH_FLAGS, 1, SPEC_F_DDGST | SPEC_F_LAST,
	HOST_DIGEST_FLAG},
	{"HLEN is too large", BASE_RESP, CH_HLEN, 1, 25, HOST_PDU_HLEN},
	{"HLEN is 0", BASE_R2T, CH_HLEN, 1, 0, HOST_PDU_HLEN},
	{"a response has a PDO", BASE_RESP, CH_PDO, 1, 24, HOST_PDU_PDO},
	{"PDO lies in the header", BASE_DATA, CH_PDO, 1, 20, HOST_PDU_PDO},
	{"PDO is not aligned", BASE_DATA, CH_PDO, 1, 26, HOST_PDU_PDO},
	{"PLEN is short", BASE_RESP, CH_PLEN, 4, 23, HOST_PDU_PLEN},
	{"PLEN is long", BASE_R2T, CH_PLEN, 4, 28, HOST_PDU_PLEN},
	{"data without data", BASE_DATA, CH_PLEN, 4, 24, HOST_PDU_PLEN},
	{"reserved bytes of C2HData", BASE_DATA, 10, 1, 1, HOST_PDU_RESERVED},
	{"reserved bytes of R2T", BASE_R2T, 23, 1, 1, HOST_PDU_RESERVED},
	{"reserved bytes of ICResp", BASE_ICRESP, 127, 1, 1, HOST_PDU_RESERVED},
	{"PFV", BASE_ICRESP, IC_PFV, 2, 1, HOST_IC_PFV},
	{"CPDA", BASE_ICRESP, IC_PDA, 1, 32, HOST_IC_CPDA},
	{"a digest nobody asked for", BASE_ICRESP, IC_DGST, 1, 1, HOST_IC_DGST},
	{"MAXH2CDATA is too small", BASE_ICRESP, IC_MAX, 4, 4092, HOST_IC_MAXH2CDATA},
	{"MAXH2CDATA is odd", BASE_ICRESP, IC_MAX, 4, 4098, HOST_IC_MAXH2CDATA},
	{"a cid that is not in flight", BASE_RESP, 8 + CQE_CID, 2, 5, HOST_CID},
	{"likewise in data", BASE_DATA, DATA_CCCID, 2, 5, HOST_CID},
	{"likewise in an R2T", BASE_R2T, DATA_CCCID, 2, 5, HOST_CID},
	{"SQHD beyond the tail", BASE_RESP, 8 + CQE_SQHD, 2, 3, HOST_CQE_SQHD},
	{"SQHD beyond the queue", BASE_RESP, 8 + CQE_SQHD, 2, 0xffff, HOST_CQE_SQHD},
	{"SQID of another queue", BASE_RESP, 8 + CQE_SQID, 2, 2, HOST_CQE_SQID},
	{"a phase bit", BASE_RESP, 8 + CQE_STATUS, 2, 1, HOST_CQE_PHASE},
	{"DW0 of a read", BASE_RESP, 8 + CQE_DW0, 4, 1, HOST_CQE_RESERVED},
	{"success without data", BASE_RESP, CH_TYPE, 1, SPEC_RESP, HOST_DATA_SHORT},
	{"DATAO is not 0 at first", BASE_DATA, DATA_OFFSET, 4, 4, HOST_DATA_OFFSET},
	{"DATAL is not what comes", BASE_DATA, DATA_LENGTH, 4, LEN - 4, HOST_DATA_LENGTH},
	{"all data without LAST", BASE_DATA, CH_FLAGS, 1, 0, HOST_DATA_LAST},
	{"SUCCESS without LAST", BASE_DATA, CH_FLAGS, 1, SPEC_F_SUCCESS, HOST_DATA_SUCCESS},
	{"SUCCESS with flow control", BASE_DATA, CH_FLAGS, 1, SPEC_F_SUCCESS | SPEC_F_LAST,
	HOST_DATA_SUCCESS},
	{"R2TO is not 0 at first", BASE_R2T, DATA_OFFSET, 4, 4, HOST_R2T_OFFSET},
	{"R2TL is more than there is", BASE_R2T, DATA_LENGTH, 4, LEN + 4, HOST_R2T_LENGTH},
	{"R2TL is 0", BASE_R2T, DATA_LENGTH, 4, 0, HOST_R2T_LENGTH},
	{"FES is reserved", BASE_TERM, TERM_FES, 2, 7, HOST_TERM_FES},
	{"a C2HTermReq as such", BASE_TERM, TERM_FES, 2, SPEC_FES_RANGE, HOST_TERMREQ},
};

static void
ready(struct fixture *f, enum base base)
{
	f->q->conn.ready = base != BASE_ICRESP;
	f->q->conn.maxh2cdata = 4096;
	f->q->sqhd = f->q->sqtail = 1;
	f->q->connected = true;
	if (base == BASE_R2T)
		host_fill_write(&f->cmd, 1, 0, 1, f->buf, LEN);
	else
		host_fill_read(&f->cmd, 1, 0, 1, f->buf, LEN);
	f->cmd.flags = HOST_F_NO_ICD;
	assert_int_equal(host_queue_submit(f->q, &f->cmd), 0);
}

static void
open_fixture(struct fixture *f, enum base base)
{
	struct host_opts o;
	int fd[2];

	memset(f, 0, sizeof(*f));
	host_opts_default(&o);
	o.depth = 8;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	f->q = host_queue_new(1, 8, &o);
	assert_non_null(f->q);
	host_queue_attach(f->q, &o, fd[0]);
	f->peer = fd[1];
	ready(f, base);
}

static void
close_fixture(struct fixture *f)
{
	host_queue_free(f->q);
	close(f->peer);
}

/* A PDU without fault for the command in flight; returns its length. */
static size_t
make_pdu(const struct fixture *f, enum base base, uint8_t *p)
{
	static const struct { uint8_t type, flags, hlen, pdo; uint32_t plen; } ch[] = {
		[BASE_ICRESP] = { SPEC_ICRESP, 0, 128, 0, 128 },
		[BASE_TERM] = { SPEC_C2HTERM, 0, 24, 0, 24 },
		[BASE_RESP] = { SPEC_RESP, 0, 24, 0, 24 },
		[BASE_DATA] = { SPEC_C2HDATA, SPEC_F_LAST, 24, 24, 24 + LEN },
		[BASE_R2T] = { SPEC_R2T, 0, 24, 0, 24 },
	};

	memset(p, 0, 1024);
	p[CH_TYPE] = ch[base].type;
	p[CH_FLAGS] = ch[base].flags;
	p[CH_HLEN] = ch[base].hlen;
	p[CH_PDO] = ch[base].pdo;
	put32(p, CH_PLEN, ch[base].plen);
	if (base == BASE_ICRESP)
		put32(p, IC_MAX, 4096);
	if (base == BASE_RESP) {
		put16(p, 8 + CQE_CID, f->cmd.cid);
		put16(p, 8 + CQE_SQHD, 2);
	}
	if (base == BASE_DATA || base == BASE_R2T) {
		put16(p, DATA_CCCID, f->cmd.cid);
		put32(p, DATA_LENGTH, LEN);
	}
	return (ch[base].plen);
}

static void
patch(uint8_t *p, const struct row *r)
{
	if (r->width == 1)
		p[r->offset] = (uint8_t)r->value;
	else if (r->width == 2)
		put16(p, r->offset, (uint16_t)r->value);
	else
		put32(p, r->offset, r->value);
}

static void
each_rule(void **state)
{
	uint8_t pdu[1024];
	struct fixture f;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_fixture(&f, rows[i].base);
		len = make_pdu(&f, rows[i].base, pdu);
		patch(pdu, &rows[i]);
		assert_int_equal(write(f.peer, pdu, len), len);
		if (host_queue_poll(f.q) != -1 || f.q->conn.error.fault != rows[i].fault)
			fail_msg("%s: expected %s, found %s", rows[i].what,
			    host_fault_name[rows[i].fault], host_fault_name[f.q->conn.error.fault]);
		close_fixture(&f);
	}
}

/* Data, then its response, byte by byte: nothing may depend on how the stream is cut. */
static void
good_answer_in_pieces(void **state)
{
	uint8_t pdu[1024], resp[1024];
	struct fixture f;
	size_t len;

	(void)state;
	open_fixture(&f, BASE_DATA);
	len = make_pdu(&f, BASE_DATA, pdu);
	memset(pdu + 24, 0x5a, LEN);
	make_pdu(&f, BASE_RESP, resp);
	memcpy(pdu + len, resp, 24);
	for (size_t i = 0; i < len + 24; i++) {
		assert_false(f.cmd.complete);
		assert_int_equal(write(f.peer, pdu + i, 1), 1);
		assert_int_equal(host_queue_poll(f.q), 0);
	}
	assert_true(f.cmd.complete);
	assert_int_equal(f.cmd.status, 0);
	assert_int_equal(f.cmd.received, LEN);
	assert_int_equal(f.buf[LEN - 1], 0x5a);
	close_fixture(&f);
}

/* The answer to a command that is over, and one while data is still asked for. */
static void
answers_out_of_turn(void **state)
{
	uint8_t pdu[1024];
	struct fixture f;
	size_t len;

	(void)state;
	open_fixture(&f, BASE_RESP);
	len = make_pdu(&f, BASE_RESP, pdu);
	put16(pdu, 8 + CQE_STATUS, ST_LBA << 1);
	assert_int_equal(write(f.peer, pdu, len), len);
	assert_int_equal(host_queue_poll(f.q), 0);
	assert_int_equal(f.cmd.status, ST_LBA);
	assert_int_equal(write(f.peer, pdu, len), len);
	assert_int_equal(host_queue_poll(f.q), -1);
	assert_int_equal(f.q->conn.error.fault, HOST_CID);
	close_fixture(&f);

	/* Two R2Ts where MAXR2T is one: the first is not answered while the socket is full. */
	open_fixture(&f, BASE_R2T);
	f.q->conn.tx_count = HOST_TX_SLOTS;
	len = make_pdu(&f, BASE_R2T, pdu);
	put32(pdu, DATA_LENGTH, 256);
	assert_int_equal(host_xfer_r2t(f.q, pdu), 0);
	put32(pdu, DATA_OFFSET, 256);
	assert_int_equal(host_xfer_r2t(f.q, pdu), -1);
	assert_int_equal(f.q->conn.error.fault, HOST_R2T_LIMIT);
	close_fixture(&f);
}

static void
digests_are_compared(void **state)
{
	uint8_t pdu[1024];
	struct fixture f;

	(void)state;
	assert_int_equal(host_crc32c("123456789", 9), 0xe3069283);
	for (int bad = 0; bad < 3; bad++) {
		open_fixture(&f, BASE_DATA);
		f.q->conn.hdgst = f.q->conn.ddgst = true;
		make_pdu(&f, BASE_DATA, pdu);
		pdu[CH_FLAGS] = SPEC_F_LAST | SPEC_F_HDGST | SPEC_F_DDGST;
		pdu[CH_PDO] = 28;
		put32(pdu, CH_PLEN, 28 + LEN + 4);
		put32(pdu, 24, host_crc32c(pdu, 24) ^ (bad == 1));
		put32(pdu, 28 + LEN, host_crc32c(pdu + 28, LEN) ^ (bad == 2));
		assert_int_equal(write(f.peer, pdu, 28 + LEN + 4), 28 + LEN + 4);
		assert_int_equal(host_queue_poll(f.q), bad ? -1 : 0);
		assert_int_equal(f.q->conn.error.fault, bad == 0   ? HOST_NONE
							: bad == 1 ? HOST_HDGST
								   : HOST_DDGST);
		close_fixture(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(good_answer_in_pieces),
		cmocka_unit_test(answers_out_of_turn),
		cmocka_unit_test(digests_are_compared),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
