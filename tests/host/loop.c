/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The small target of the unit test: a thread per connection, blocking, a PDU at a time. It
 * believes what the host sends, as the host is what is tested; it is no model of a target.
 */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/host/host.h"
#include "tests/host/loop.h"
#include "tests/host/spec.h"

enum { XFERS = 256, PDU_MAX = 1 << 20, CONNS = 32 };

struct xfer { bool open; uint16_t cid; uint64_t at; uint32_t len, requested, received; };

struct peer {
	int		 fd;
	bool		 hdgst, ddgst, sqflow;
	uint32_t	 hpda, maxr2t, open_r2ts;
	uint32_t	 sqhd, sqsize;
	struct xfer	 xfer[XFERS];
	uint8_t		 pdu[PDU_MAX], out[PDU_MAX];
};

static struct loop_opts opts;
static uint8_t disk[LOOP_BLOCK * LOOP_BLOCKS];
static uint32_t cc;
static int listener = -1;
static pthread_t acceptor, thread[CONNS];
static unsigned nthreads;

static bool
receive_all(int fd, uint8_t *p, size_t len)
{
	return (len == 0 || recv(fd, p, len, MSG_WAITALL) == (ssize_t)len);
}

/* Header, digest, padding, data, digest; PDO only where there is data. */
static void
send_pdu(struct peer *p, uint8_t type, uint8_t flags, const void *fields, uint32_t hlen,
    const void *data, uint32_t len)
{
	uint32_t align = (p->hpda + 1) * 4, at = hlen + (p->hdgst ? 4u : 0u);
	uint32_t pdo = len > 0 ? (at + align - 1) / align * align : at;
	bool ddgst = len > 0 && p->ddgst;

	memset(p->out, 0, pdo);
	memcpy(p->out + 8, fields, hlen - 8);
	p->out[CH_TYPE] = type;
	p->out[CH_FLAGS] = (uint8_t)(flags | (p->hdgst ? 1 : 0) | (ddgst ? 2 : 0));
	p->out[CH_HLEN] = (uint8_t)hlen;
	p->out[CH_PDO] = (uint8_t)(len > 0 ? pdo : 0);
	put32(p->out, CH_PLEN, pdo + len + (ddgst ? 4 : 0));
	if (p->hdgst)
		put32(p->out, hlen, host_crc32c(p->out, hlen));
	if (len > 0)
		memcpy(p->out + pdo, data, len);
	if (ddgst)
		put32(p->out, pdo + len, host_crc32c(data, len));
	send(p->fd, p->out, pdo + len + (ddgst ? 4 : 0), MSG_NOSIGNAL);
}

static void
respond(struct peer *p, uint16_t cid, uint16_t status, uint64_t dw01)
{
	uint8_t cqe[SPEC_CQE_LEN] = { 0 };

	put64(cqe, CQE_DW0, dw01);
	p->sqhd = (p->sqhd + 1) % p->sqsize;
	put16(cqe, CQE_SQHD, (uint16_t)(p->sqflow ? p->sqhd : 0));
	put16(cqe, CQE_CID, cid);
	put16(cqe, CQE_STATUS, (uint16_t)(status << 1));
	send_pdu(p, SPEC_RESP, 0, cqe, SPEC_RESP_LEN, NULL, 0);
}

/* In pieces of c2h_len; the last one carries SUCCESS where there is no flow control. */
static void
send_data(struct peer *p, uint16_t cid, const uint8_t *data, uint32_t len)
{
	uint8_t f[16] = { 0 };

	for (uint32_t at = 0, n; at < len; at += n) {
		n = len - at < opts.c2h_len ? len - at : opts.c2h_len;
		put16(f, DATA_CCCID - 8, cid);
		put32(f, DATA_OFFSET - 8, at);
		put32(f, DATA_LENGTH - 8, n);
		send_pdu(p, SPEC_C2HDATA, (uint8_t)(at + n < len ? 0 : p->sqflow ? SPEC_F_LAST :
		    SPEC_F_LAST | SPEC_F_SUCCESS), f, SPEC_DATA_LEN, data + at, n);
	}
	if (p->sqflow)
		respond(p, cid, 0, 0);
}

static void
identify(struct peer *p, const uint8_t *sqe, uint16_t cid)
{
	uint8_t id[SPEC_IDENTIFY_LEN] = { 0 };

	if (sqe[SQE_CDW10] == 1) {
		memset(id + 4, ' ', 68);
		put16(id, 78, 7);
		put32(id, 80, 0x10400);
		put16(id, 320, 10);
		put32(id, 536, 1);
		strcpy((char *)id + 768, HOST_DISCOVERY_NQN);
		put32(id, 1792, opts.ioccsz);
		put32(id, 1796, 1);
	} else if (sqe[SQE_CDW10] == 2) {
		put32(id, 0, 1);
	} else {
		put64(id, 0, LOOP_BLOCKS);
		put64(id, 8, LOOP_BLOCKS);
		put64(id, 16, LOOP_BLOCKS);
		id[130] = 9;
	}
	send_data(p, cid, id, sizeof(id));
}

static void
fabrics(struct peer *p, const uint8_t *sqe, uint16_t cid, const uint8_t *data)
{
	uint32_t ofst = get32(sqe, SQE_OFST);

	if (sqe[SQE_FCTYPE] == FCT_CONNECT) {
		p->sqsize = get16(sqe, SQE_SQSIZE) + 1u;
		p->sqhd = p->sqsize - 1;
		p->sqflow = true;
		if (sqe[SQE_CATTR] & 4) {
			p->sqhd = 0xfffe;
			p->sqsize = 0x10000;
		}
		if (strcmp((const char *)data + CONN_SUBNQN, HOST_DISCOVERY_NQN) != 0)
			respond(p, cid, ST_PARAMETER | ST_DNR, 1 << 16 | CONN_SUBNQN);
		else
			respond(p, cid, 0, 7);
		p->sqflow = (sqe[SQE_CATTR] & 4) == 0;
	} else if (sqe[SQE_FCTYPE] == FCT_PROP_SET) {
		cc = get32(sqe, SQE_VALUE);
		respond(p, cid, 0, 0);
	} else if (sqe[SQE_FCTYPE] == FCT_PROP_GET) {
		respond(p, cid, 0,
		    ofst == PROP_CAP	? 1023
		    : ofst == PROP_VS	? 0x10400
		    : ofst == PROP_CSTS ? (cc & 1) | (cc & CC_SHN_MASK ? 8 : 0)
					: cc);
	} else {
		respond(p, cid, 0, 0);
	}
}

static void
send_r2ts(struct peer *p, unsigned i)
{
	struct xfer *x = &p->xfer[i];
	uint8_t f[16] = { 0 };

	/* As many as the host permits; each is over when its bytes are there. */
	while (x->requested < x->len &&
	       (x->requested - x->received + opts.r2t_len - 1) / opts.r2t_len <= p->maxr2t) {
		uint32_t n =
		    x->len - x->requested < opts.r2t_len ? x->len - x->requested : opts.r2t_len;

		put16(f, DATA_CCCID - 8, x->cid);
		put16(f, DATA_TTAG - 8,
		    (uint16_t)(i + XFERS * (x->requested / opts.r2t_len % 16)));
		put32(f, DATA_OFFSET - 8, x->requested);
		put32(f, DATA_LENGTH - 8, n);
		x->requested += n;
		send_pdu(p, SPEC_R2T, 0, f, SPEC_R2T_LEN, NULL, 0);
	}
}

static void
read_or_write(struct peer *p, const uint8_t *sqe, uint16_t cid, const uint8_t *data, uint32_t len)
{
	uint64_t lba = get64(sqe, SQE_CDW10), at = lba * LOOP_BLOCK;
	uint32_t total = (get16(sqe, SQE_CDW12) + 1u) * LOOP_BLOCK;
	unsigned i = 0;

	if (lba > LOOP_BLOCKS || at + total > sizeof(disk)) {
		respond(p, cid, ST_LBA | ST_DNR, 0);
	} else if (sqe[SQE_OPC] == OPC_READ) {
		uint8_t *flip = opts.flip_lba != 0 && lba <= opts.flip_lba &&
					opts.flip_lba < lba + total / LOOP_BLOCK
				    ? disk + opts.flip_lba * LOOP_BLOCK + 99
				    : NULL;

		if (flip != NULL)
			*flip ^= 1;
		send_data(p, cid, disk + at, total);
	} else if (len > 0) {
		memcpy(disk + at, data, len);
		respond(p, cid, 0, 0);
	} else {
		while (p->xfer[i].open)
			i++;
		p->xfer[i] = (struct xfer){ true, cid, at, total, 0, 0 };
		send_r2ts(p, i);
	}
}

static void
command(struct peer *p, const uint8_t *pdu, uint32_t len)
{
	const uint8_t *sqe = pdu + SPEC_CH_LEN, *data = pdu + pdu[CH_PDO];
	uint16_t cid = get16(sqe, SQE_CID);

	if (sqe[SQE_OPC] == OPC_FABRICS)
		fabrics(p, sqe, cid, data);
	else if (sqe[SQE_OPC] == OPC_IDENTIFY)
		identify(p, sqe, cid);
	else if (sqe[SQE_OPC] == OPC_SET_FEATURES)
		respond(p, cid, 0, get32(sqe, SQE_CDW11));
	else if (sqe[SQE_OPC] == OPC_READ || sqe[SQE_OPC] == OPC_WRITE)
		read_or_write(p, sqe, cid, data, len);
	else
		respond(p, cid,
		    sqe[SQE_OPC] == OPC_FLUSH || sqe[SQE_OPC] == OPC_KEEP_ALIVE ? 0 : ST_OPCODE, 0);
}

static void
h2cdata(struct peer *p, const uint8_t *pdu, uint32_t len)
{
	struct xfer *x = &p->xfer[get16(pdu, DATA_TTAG) % XFERS];

	memcpy(disk + x->at + get32(pdu, DATA_OFFSET), pdu + pdu[CH_PDO], len);
	x->received += len;
	if (x->received < x->len && (pdu[CH_FLAGS] & SPEC_F_LAST)) {
		send_r2ts(p, (unsigned)(x - p->xfer));
	} else if (x->received == x->len) {
		x->open = false;
		respond(p, x->cid, 0, 0);
	}
}

/* One PDU; false at the end, or when the host has put a wrong digest, offset or length. */
static bool
serve_one(struct peer *p)
{
	uint8_t *pdu = p->pdu;
	uint32_t plen, len = 0;

	if (!receive_all(p->fd, pdu, SPEC_CH_LEN) || (plen = get32(pdu, CH_PLEN)) > PDU_MAX ||
	    plen < SPEC_CH_LEN || !receive_all(p->fd, pdu + SPEC_CH_LEN, plen - SPEC_CH_LEN))
		return (false);
	if (((pdu[CH_FLAGS] & 1) != 0) != p->hdgst || (p->hdgst &&
	    get32(pdu, pdu[CH_HLEN]) != host_crc32c(pdu, pdu[CH_HLEN])))
		return (false);
	if (pdu[CH_PDO] != 0)
		len = plen - pdu[CH_PDO] - (p->ddgst ? 4 : 0);
	if (pdu[CH_PDO] % ((opts.cpda + 1) * 4) != 0 || len > opts.maxh2cdata ||
	    (len > 0 && p->ddgst && get32(pdu, plen - 4) != host_crc32c(pdu + pdu[CH_PDO], len)))
		return (false);
	if (pdu[CH_TYPE] == SPEC_CMD)
		command(p, pdu, len);
	else
		h2cdata(p, pdu, len);
	return (true);
}

static void *
serve(void *arg)
{
	struct peer *p = arg;
	uint8_t icresp[SPEC_IC_LEN - 8] = { 0 };

	if (receive_all(p->fd, p->pdu, SPEC_IC_LEN)) {
		icresp[IC_PDA - 8] = opts.cpda;
		icresp[IC_DGST - 8] = p->pdu[IC_DGST];
		put32(icresp, IC_MAX - 8, opts.maxh2cdata);
		send_pdu(p, SPEC_ICRESP, 0, icresp, SPEC_IC_LEN, NULL, 0);
		p->hdgst = p->pdu[IC_DGST] & 1;
		p->ddgst = (p->pdu[IC_DGST] & 2) != 0;
		p->hpda = p->pdu[IC_PDA];
		p->maxr2t = get32(p->pdu, IC_MAX);
		while (serve_one(p))
			continue;
	}
	close(p->fd);
	free(p);
	return (NULL);
}

static void *
accept_all(void *arg)
{
	int fd, one = 1;

	while (nthreads < CONNS && (fd = accept(listener, NULL, NULL)) != -1) {
		struct peer *p = calloc(1, sizeof(*p));

		if (p == NULL)
			abort();
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		p->fd = fd;
		p->sqsize = 2;
		if (pthread_create(&thread[nthreads], NULL, serve, p) != 0)
			abort();
		nthreads++;
	}
	return (arg);
}

int
loop_start(const struct loop_opts *o)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);

	opts = *o;
	nthreads = 0;
	cc = 0;
	if ((listener = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(listener, (struct sockaddr *)&sin, len) == -1 || listen(listener, 16) == -1 ||
	    getsockname(listener, (struct sockaddr *)&sin, &len) == -1 ||
	    pthread_create(&acceptor, NULL, accept_all, NULL) != 0)
		return (-1);
	return (ntohs(sin.sin_port));
}

/* All hosts must have closed. */
void
loop_stop(void)
{
	shutdown(listener, SHUT_RDWR);
	pthread_join(acceptor, NULL);
	close(listener);
	for (unsigned i = 0; i < nthreads; i++)
		pthread_join(thread[i], NULL);
}
