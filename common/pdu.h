/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PDUs of the NVMe/TCP transport: structs, the rules for what a host may send to a controller, and
 * builders for what a controller sends. Bytes in, verdict out: no socket, no log, no state. The
 * verdict names the lowest wrong field, so that conn.c can put it into a C2HTermReq.
 */
#ifndef COMMON_PDU_H
#define COMMON_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nvme.h"
#include "common/wire.h"

enum pdu_type {
	PDU_ICREQ = 0x00,
	PDU_ICRESP = 0x01,
	PDU_H2C_TERMREQ = 0x02,
	PDU_C2H_TERMREQ = 0x03,
	PDU_CAPSULE_CMD = 0x04,
	PDU_CAPSULE_RESP = 0x05,
	PDU_H2C_DATA = 0x06,
	PDU_C2H_DATA = 0x07,
	PDU_R2T = 0x09,
};

#define PDU_F_HDGST 0x01
#define PDU_F_DDGST 0x02
#define PDU_F_LAST 0x04
#define PDU_F_SUCCESS 0x08

/* Fatal error status of a TermReq, and what its information (FEI) then is. */
enum pdu_fes {
	PDU_FES_NONE,
	PDU_FES_INVALID_FIELD,		/* byte offset of the field */
	PDU_FES_SEQUENCE,
	PDU_FES_HDGST,			/* the digest that was received */
	PDU_FES_OUT_OF_RANGE,
	PDU_FES_LIMIT_EXCEEDED,
	PDU_FES_UNSUPPORTED,		/* byte offset of the field */
	PDU_FES_MAX
};

#define PDU_DGST_BYTES 4
#define PDU_COMMON_BYTES 8
#define PDU_HEADER_MAX 132		/* the longest header, its padding and a digest */
#define PDU_TERMREQ_MAX 152		/* 24 and at most 128 bytes of the offending header */
#define PDU_HPDA_MAX 31
#define PDU_DGST_HEADER 0x01		/* DGST of ICReq and ICResp */
#define PDU_DGST_DATA 0x02
#define PDU_MAXH2CDATA_MIN 4096

struct pdu_common { uint8_t type, flags, hlen, pdo; struct le32 plen; };

struct pdu_icreq {
	struct pdu_common ch;
	struct le16 pfv;
	uint8_t hpda;			/* 0's based, dwords */
	uint8_t dgst;
	struct le32 maxr2t;		/* 0's based */
	uint8_t reserved[112];
};

struct pdu_icresp {
	struct pdu_common ch;
	struct le16 pfv;
	uint8_t cpda;			/* 0's based, dwords */
	uint8_t dgst;
	struct le32 maxh2cdata;		/* bytes */
	uint8_t reserved[112];
};

struct pdu_capsule_cmd { struct pdu_common ch; struct nvme_sqe sqe; };
struct pdu_capsule_resp { struct pdu_common ch; struct nvme_cqe cqe; };

struct pdu_r2t {
	struct pdu_common ch;
	struct le16 cccid, ttag;
	struct le32 r2to, r2tl;		/* bytes */
	uint8_t reserved[4];
};

struct pdu_h2cdata {
	struct pdu_common ch;
	struct le16 cccid, ttag;
	struct le32 datao, datal;	/* bytes */
	uint8_t reserved[4];
};

struct pdu_c2hdata {
	struct pdu_common ch;
	struct le16 cccid, reserved10;
	struct le32 datao, datal;	/* bytes */
	uint8_t reserved20[4];
};

struct pdu_termreq {
	struct pdu_common ch;
	struct le16 fes;
	struct le32 fei;
	uint8_t reserved[10];
};

_Static_assert(sizeof(struct pdu_common) == 8 && _Alignof(struct pdu_common) == 1, "PDU-Common");
_Static_assert(sizeof(struct pdu_icreq) == 128, "ICReq");
_Static_assert(offsetof(struct pdu_icreq, hpda) == 10, "ICReq HPDA");
_Static_assert(offsetof(struct pdu_icreq, maxr2t) == 12, "ICReq MAXR2T");
_Static_assert(sizeof(struct pdu_icresp) == 128, "ICResp");
_Static_assert(sizeof(struct pdu_capsule_cmd) == 72, "CapsuleCmd");
_Static_assert(sizeof(struct pdu_capsule_resp) == 24, "CapsuleResp");
_Static_assert(sizeof(struct pdu_r2t) == 24, "R2T");
_Static_assert(offsetof(struct pdu_r2t, ttag) == 10, "R2T TTAG");
_Static_assert(sizeof(struct pdu_h2cdata) == 24, "H2CData");
_Static_assert(offsetof(struct pdu_h2cdata, datal) == 16, "H2CData DATAL");
_Static_assert(sizeof(struct pdu_c2hdata) == 24, "C2HData");
_Static_assert(offsetof(struct pdu_c2hdata, datal) == 16, "C2HData DATAL");
_Static_assert(sizeof(struct pdu_termreq) == 24, "TermReq");
_Static_assert(offsetof(struct pdu_termreq, fei) == 10, "TermReq FEI");

/* What has been negotiated for the queue that the PDU arrives on. */
struct pdu_env {
	bool hdgst, ddgst;
	bool icreq_done;		/* false: nothing but an ICReq may come */
	uint8_t rx_align;		/* bytes: (CPDA + 1) * 4, never 0 */
	uint32_t max_icd;		/* bytes of in-capsule data at most */
	uint32_t maxh2cdata;		/* bytes of data in one H2CData at most */
};

struct pdu_verdict {
	enum pdu_fes fes;		/* NONE: nothing wrong, or not all of the header there */
	uint32_t fei;
	bool silent;			/* close without a C2HTermReq */
	uint8_t type;
	uint8_t header_len;		/* bytes to have before pdu_check(): HLEN and its digest */
	uint8_t pad;			/* bytes between those and the data */
	bool hdgst;			/* the last 4 bytes of header_len are the digest */
	bool ddgst;			/* 4 bytes of digest follow the data */
	uint32_t data_len;		/* bytes, without padding and digest */
	uint32_t total;			/* PLEN: header_len + pad + data_len + 4 if ddgst */
};

struct pdu_icreq_params {
	bool hdgst, ddgst;		/* asked for */
	uint8_t tx_align;		/* bytes: (HPDA + 1) * 4 */
	uint32_t maxr2t;		/* R2Ts at a time, 1 or more */
};

/*
 * All checks return 0, or -1 with the fault in *v; they read nothing past len. If fewer bytes are
 * there than the check needs, that is -1 with fes NONE, and nothing has been judged.
 */
/* The first 8 bytes: type, flags, HLEN, PDO, and bounds of PLEN, before any buffer is chosen. */
int	pdu_check_common(const uint8_t *hdr, size_t len, const struct pdu_env *,
	    struct pdu_verdict *);
/* All of the header, header_len bytes: the above, header digest, then the type's own fields. */
int	pdu_check(const uint8_t *hdr, size_t len, const struct pdu_env *, struct pdu_verdict *);
/* The parts of pdu_check(), for who looks up the tag in between; *v is from pdu_check_common(). */
int	pdu_check_hdgst(const uint8_t *hdr, size_t len, struct pdu_verdict *v);
int	pdu_check_icreq(const uint8_t *hdr, size_t len, const struct pdu_env *,
	    struct pdu_verdict *v);
int	pdu_check_h2cdata(const uint8_t *hdr, size_t len, const struct pdu_env *,
	    struct pdu_verdict *v);

/* Parameters of an ICReq that pdu_check() has accepted. */
void	pdu_get_icreq(const uint8_t *hdr, struct pdu_icreq_params *);
/* Never NULL, whatever number a peer has sent. */
const char *pdu_fes_name(uint32_t fes);
const char *pdu_type_name(uint8_t type);

/* How to send: what the host asked for and we granted. */
struct pdu_tx {
	bool hdgst, ddgst;
	uint8_t tx_align;		/* bytes, never 0 */
};

/*
 * Builders. buf has room for PDU_HEADER_MAX bytes (28 for R2T and CapsuleResp, PDU_TERMREQ_MAX for
 * the TermReq). They return the bytes to send from it; data and data digest are the caller's to
 * send after them.
 */
size_t	pdu_put_icresp(uint8_t *buf, const struct pdu_env *granted);
size_t	pdu_put_capsule_resp(uint8_t *buf, const struct nvme_cqe *, const struct pdu_tx *);
size_t	pdu_put_r2t(uint8_t *buf, uint16_t cccid, uint16_t ttag, uint32_t r2to, uint32_t r2tl,
	    const struct pdu_tx *);
/* flags: PDU_F_LAST, PDU_F_SUCCESS; the digest flags are added here. datal is not 0. */
size_t	pdu_put_c2hdata(uint8_t *buf, uint16_t cccid, uint32_t datao, uint32_t datal,
	    uint8_t flags, const struct pdu_tx *);
/* hdr: the offending header as received, or NULL. At most 128 bytes of it go along. */
size_t	pdu_put_termreq(uint8_t *buf, enum pdu_fes, uint32_t fei, const uint8_t *hdr,
	    size_t len);

#endif
