/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PDUs that a controller sends, built in the caller's buffer: header, digest if there is one, and
 * the zeros up to where data begins. Every byte that is returned has been written, so that no
 * stale byte of ours ever leaves.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/crc.h"
#include "common/pdu.h"

static struct pdu_common
common_header(enum pdu_type type, uint8_t flags, size_t hlen, size_t plen)
{
	return ((struct pdu_common){
		.type = (uint8_t)type,
		.flags = flags,
		.hlen = (uint8_t)hlen,
		.plen = le32((uint32_t)plen),
	});
}

static uint8_t
hdgst_flag(const struct pdu_tx *tx)
{
	return (tx->hdgst ? PDU_F_HDGST : 0);
}

static size_t
hdgst_bytes(const struct pdu_tx *tx)
{
	return (tx->hdgst ? PDU_DGST_BYTES : 0);
}

/* Header to buf, its digest behind it if asked for. Returns the bytes of both. */
static size_t
put_header(uint8_t *buf, const void *hdr, size_t hlen, const struct pdu_tx *tx)
{
	struct le32 digest;

	memcpy(buf, hdr, hlen);
	if (!tx->hdgst)
		return (hlen);
	digest = le32(crc32c(buf, hlen));
	memcpy(buf + hlen, &digest, sizeof(digest));
	return (hlen + sizeof(digest));
}

size_t
pdu_put_icresp(uint8_t *buf, const struct pdu_env *granted)
{
	struct pdu_icresp p = {
		.ch = common_header(PDU_ICRESP, 0, sizeof(p), sizeof(p)),
		.cpda = (uint8_t)(granted->rx_align / 4 - 1),
		.dgst = (uint8_t)((granted->hdgst ? PDU_DGST_HEADER : 0) |
		    (granted->ddgst ? PDU_DGST_DATA : 0)),
		.maxh2cdata = le32(granted->maxh2cdata),
	};

	assert(granted->rx_align >= 4 && granted->rx_align % 4 == 0);
	memcpy(buf, &p, sizeof(p));
	return (sizeof(p));
}

size_t
pdu_put_capsule_resp(uint8_t *buf, const struct nvme_cqe *cqe, const struct pdu_tx *tx)
{
	struct pdu_capsule_resp p = {
		.ch = common_header(PDU_CAPSULE_RESP, hdgst_flag(tx), sizeof(p),
		    sizeof(p) + hdgst_bytes(tx)),
		.cqe = *cqe,
	};

	return (put_header(buf, &p, sizeof(p), tx));
}

size_t
pdu_put_r2t(uint8_t *buf, uint16_t cccid, uint16_t ttag, uint32_t r2to, uint32_t r2tl,
    const struct pdu_tx *tx)
{
	struct pdu_r2t p = {
		.ch = common_header(PDU_R2T, hdgst_flag(tx), sizeof(p),
		    sizeof(p) + hdgst_bytes(tx)),
		.cccid = le16(cccid),
		.ttag = le16(ttag),
		.r2to = le32(r2to),
		.r2tl = le32(r2tl),
	};

	return (put_header(buf, &p, sizeof(p), tx));
}

size_t
pdu_put_c2hdata(uint8_t *buf, uint16_t cccid, uint32_t datao, uint32_t datal, uint8_t flags,
    const struct pdu_tx *tx)
{
	size_t head = sizeof(struct pdu_c2hdata) + hdgst_bytes(tx), at;
	size_t pdo = (head + tx->tx_align - 1) / tx->tx_align * tx->tx_align;
	size_t tail = tx->ddgst ? PDU_DGST_BYTES : 0;
	struct pdu_c2hdata p = {
		.ch = common_header(PDU_C2H_DATA, (uint8_t)(flags | hdgst_flag(tx) |
		    (tx->ddgst ? PDU_F_DDGST : 0)), sizeof(p), pdo + datal + tail),
		.cccid = le16(cccid),
		.datao = le32(datao),
		.datal = le32(datal),
	};

	assert(pdo <= PDU_HEADER_MAX && datal != 0 && datal <= UINT32_MAX - PDU_HEADER_MAX - tail);
	p.ch.pdo = (uint8_t)pdo;
	at = put_header(buf, &p, sizeof(p), tx);
	memset(buf + at, 0, pdo - at);
	return (pdo);
}

size_t
pdu_put_termreq(uint8_t *buf, enum pdu_fes fes, uint32_t fei, const uint8_t *hdr, size_t len)
{
	size_t most = PDU_TERMREQ_MAX - sizeof(struct pdu_termreq);
	size_t n = hdr == NULL ? 0 : len < most ? len : most;
	struct pdu_termreq p = {
		.ch = common_header(PDU_C2H_TERMREQ, 0, sizeof(p), sizeof(p) + n),
		.fes = le16((uint16_t)fes),
		.fei = le32(fei),
	};

	memcpy(buf, &p, sizeof(p));
	if (n > 0)
		memcpy(buf + sizeof(p), hdr, n);
	return (sizeof(p) + n);
}
