/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The judge: is a PDU from the target exactly what the specification permits? Fields in wire order,
 * so the name of the fault is that of the lowest wrong field. What depends on a command is judged
 * in queue.c.
 */
#include "config.h"

#include <string.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

#define F_DIGEST_FREE	0x80		/* neither header digest nor its flag */

static const struct rule {
	const char	*name;
	uint8_t		 hlen, flags;
} rules[] = {
	[SPEC_ICRESP]	= { "ICResp", SPEC_IC_LEN, F_DIGEST_FREE },
	[SPEC_C2HTERM]	= { "C2HTermReq", SPEC_TERM_LEN, F_DIGEST_FREE },
	[SPEC_RESP]	= { "CapsuleResp", SPEC_RESP_LEN, SPEC_F_HDGST },
	[SPEC_C2HDATA]	= { "C2HData", SPEC_DATA_LEN,
	    SPEC_F_HDGST | SPEC_F_DDGST | SPEC_F_LAST | SPEC_F_SUCCESS },
	[SPEC_R2T]	= { "R2T", SPEC_R2T_LEN, SPEC_F_HDGST },
};

static bool
all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != 0)
			return (false);
	return (true);
}

static int
check_type(struct host_conn *c, uint8_t type)
{
	if (type >= sizeof(rules) / sizeof(rules[0]) || rules[type].name == NULL)
		return (host_conn_fail(c, HOST_PDU_TYPE, "%#x", type));
	if (type != SPEC_C2HTERM && (type == SPEC_ICRESP) == c->ready)
		return (host_conn_fail(c, HOST_PDU_TYPE, "%s %s ICResp", rules[type].name,
		    c->ready ? "after" : "before"));
	return (0);
}

static int
check_flags(struct host_conn *c, const struct rule *r, uint8_t type, uint8_t flags)
{
	if ((flags & ~(r->flags & ~F_DIGEST_FREE)) != 0)
		return (host_conn_fail(c, HOST_PDU_FLAGS, "%s: %#x", r->name, flags));
	if (!(r->flags & F_DIGEST_FREE) && ((flags & SPEC_F_HDGST) != 0) != c->hdgst)
		return (
		    host_conn_fail(c, HOST_DIGEST_FLAG, "%s: HDGSTF is %d", r->name, !c->hdgst));
	if (type == SPEC_C2HDATA && ((flags & SPEC_F_DDGST) != 0) != c->ddgst)
		return (host_conn_fail(c, HOST_DIGEST_FLAG, "C2HData: DDGSTF is %d", !c->ddgst));
	if ((flags & (SPEC_F_LAST | SPEC_F_SUCCESS)) == SPEC_F_SUCCESS)
		return (host_conn_fail(c, HOST_DATA_SUCCESS, "SUCCESS without LAST_PDU"));
	return (0);
}

static int
check_pdo(struct host_conn *c, const struct rule *r, uint8_t type, uint8_t pdo)
{
	uint32_t least = r->hlen + (c->hdgst ? SPEC_DIGEST_LEN : 0u), align = (c->hpda + 1u) * 4;

	if (type != SPEC_C2HDATA && pdo != 0)
		return (host_conn_fail(c, HOST_PDU_PDO, "%s: %u", r->name, pdo));
	if (type == SPEC_C2HDATA && (pdo < least || pdo % align != 0))
		return (host_conn_fail(
		    c, HOST_PDU_PDO, "C2HData: %u, at least %u, aligned to %u", pdo, least, align));
	return (0);
}

static int
check_plen(struct host_conn *c, const struct rule *r, uint8_t type, uint32_t plen)
{
	uint32_t tail = type == SPEC_C2HDATA && c->ddgst ? SPEC_DIGEST_LEN : 0;

	if (plen < c->rx_hdr_len + tail)
		return (host_conn_fail(c, HOST_PDU_PLEN, "%s: %u", r->name, plen));
	c->rx_len = plen - c->rx_hdr_len - tail;
	if ((type == SPEC_C2HTERM && plen > SPEC_TERM_MAX) ||
	    (type == SPEC_C2HDATA && c->rx_len == 0) ||
	    (type != SPEC_C2HTERM && type != SPEC_C2HDATA && c->rx_len != 0))
		return (host_conn_fail(c, HOST_PDU_PLEN, "%s: %u", r->name, plen));
	return (0);
}

/* The first 8 bytes. Fills rx_hdr_len, rx_len and rx_digest. */
int
host_check_common(struct host_conn *c, const uint8_t *ch)
{
	uint8_t type = ch[CH_TYPE];
	const struct rule *r;

	if (check_type(c, type) == -1)
		return (-1);
	r = &rules[type];
	if (check_flags(c, r, type, ch[CH_FLAGS]) == -1)
		return (-1);
	if (ch[CH_HLEN] != r->hlen)
		return (host_conn_fail(c, HOST_PDU_HLEN, "%s: %u", r->name, ch[CH_HLEN]));
	if (check_pdo(c, r, type, ch[CH_PDO]) == -1)
		return (-1);
	c->rx_hdr_len = type == SPEC_C2HDATA ? ch[CH_PDO] :
	    r->hlen + (c->hdgst && !(r->flags & F_DIGEST_FREE) ? SPEC_DIGEST_LEN : 0u);
	c->rx_digest = type == SPEC_C2HDATA && c->ddgst;
	return (check_plen(c, r, type, get32(ch, CH_PLEN)));
}

/* Reserved bytes of each header are zero: stale memory of a target must not leak to its host. */
static int
check_reserved(struct host_conn *c, const uint8_t *hdr)
{
	static const struct { uint8_t type, from, to; } reserved[] = {
		{ SPEC_ICRESP, 16, 128 }, { SPEC_C2HTERM, 14, 24 }, { SPEC_C2HDATA, 10, 12 },
		{ SPEC_C2HDATA, 20, 24 }, { SPEC_R2T, 20, 24 },
	};

	for (unsigned i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (reserved[i].type == hdr[CH_TYPE] &&
		    !all_zero(hdr + reserved[i].from, (size_t)reserved[i].to - reserved[i].from))
			return (host_conn_fail(c, HOST_PDU_RESERVED, "%s: bytes %u to %u",
			    rules[hdr[CH_TYPE]].name, reserved[i].from, reserved[i].to - 1));
	return (0);
}

/* The whole header, up to the data: digest, padding, reserved bytes, DATAL. */
int
host_check_header(struct host_conn *c, const uint8_t *hdr)
{
	const struct rule *r = &rules[hdr[CH_TYPE]];
	bool digest = c->hdgst && !(r->flags & F_DIGEST_FREE);
	uint32_t used = r->hlen + (digest ? SPEC_DIGEST_LEN : 0u);

	if (digest && get32(hdr, r->hlen) != host_crc32c(hdr, r->hlen))
		return (host_conn_fail(c, HOST_HDGST, "%s: %#x, the header has %#x", r->name,
		    get32(hdr, r->hlen), host_crc32c(hdr, r->hlen)));
	if (!all_zero(hdr + used, c->rx_hdr_len - used))
		return (host_conn_fail(c, HOST_PDU_PAD, "%s: padding is not zero", r->name));
	if (check_reserved(c, hdr) == -1)
		return (-1);
	if (hdr[CH_TYPE] == SPEC_C2HDATA && get32(hdr, DATA_LENGTH) != c->rx_len)
		return (host_conn_fail(c, HOST_DATA_LENGTH, "DATAL %u, the PDU carries %u",
		    get32(hdr, DATA_LENGTH), c->rx_len));
	return (0);
}

int
host_check_icresp(struct host_conn *c, const uint8_t *hdr)
{
	uint32_t max = get32(hdr, IC_MAX);

	if (get16(hdr, IC_PFV) != 0)
		return (host_conn_fail(c, HOST_IC_PFV, "%u", get16(hdr, IC_PFV)));
	if (hdr[IC_PDA] > 31)
		return (host_conn_fail(c, HOST_IC_CPDA, "%u", hdr[IC_PDA]));
	if ((hdr[IC_DGST] & ~c->asked_dgst) != 0)
		return (host_conn_fail(c, HOST_IC_DGST, "%#x, asked was %#x", hdr[IC_DGST],
		    c->asked_dgst));
	if (max < 4096 || max % 4 != 0)
		return (host_conn_fail(c, HOST_IC_MAXH2CDATA, "%u", max));
	c->cpda = hdr[IC_PDA];
	c->hdgst = (hdr[IC_DGST] & 1) != 0;
	c->ddgst = (hdr[IC_DGST] & 2) != 0;
	c->maxh2cdata = max;
	c->ready = true;
	return (0);
}

/* A C2HTermReq ends the connection; it must itself be right. Always -1. */
int
host_check_termreq(struct host_conn *c, const uint8_t *hdr)
{
	static const char *const names[] = { "", "invalid header field", "sequence error",
	    "header digest error", "data transfer out of range", "limit exceeded",
	    "unsupported parameter" };
	uint16_t fes = get16(hdr, TERM_FES);

	if (fes < SPEC_FES_FIELD || fes > SPEC_FES_PARAMETER)
		return (host_conn_fail(c, HOST_TERM_FES, "%u", fes));
	c->error.fes = fes;
	c->error.fei = get32(hdr, TERM_FEI);
	return (
	    host_conn_fail(c, HOST_TERMREQ, "%s (FES %u), FEI %u", names[fes], fes, c->error.fei));
}
