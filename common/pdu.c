/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a host may send, judged. One row per type; fields in wire order, so that the first fault
 * found is the lowest. Nothing is believed of a length before it has been compared with a bound
 * that the host did not choose. NVMe/TCP transport, PDU chapters.
 */
#include "config.h"

#include <string.h>

#include "common/crc.h"
#include "common/pdu.h"

enum data_rule { DATA_NONE, DATA_OPTIONAL, DATA_REQUIRED, DATA_TRAILER };

typedef int pdu_checker(const uint8_t *, size_t, const struct pdu_env *, struct pdu_verdict *);

struct pdu_rule {
	uint8_t hlen;			/* 0: a host may not send this type */
	uint8_t flags;			/* those that may be set */
	enum data_rule data;
	pdu_checker *check;		/* the fields after the common header */
};

static const struct pdu_rule rules[] = {
	[PDU_ICREQ] = { sizeof(struct pdu_icreq), 0, DATA_NONE, pdu_check_icreq },
	[PDU_H2C_TERMREQ] = { sizeof(struct pdu_termreq), 0, DATA_TRAILER, NULL },
	[PDU_CAPSULE_CMD] = { sizeof(struct pdu_capsule_cmd), PDU_F_HDGST | PDU_F_DDGST,
	    DATA_OPTIONAL, NULL },
	[PDU_H2C_DATA] = { sizeof(struct pdu_h2cdata), PDU_F_HDGST | PDU_F_DDGST | PDU_F_LAST,
	    DATA_REQUIRED, pdu_check_h2cdata },
};

#define NRULES (sizeof(rules) / sizeof(rules[0]))

static const char *const fes_name[] = {
	[PDU_FES_NONE] = "none",
	[PDU_FES_INVALID_FIELD] = "invalid PDU header field",
	[PDU_FES_SEQUENCE] = "PDU sequence error",
	[PDU_FES_HDGST] = "header digest error",
	[PDU_FES_OUT_OF_RANGE] = "data transfer out of range",
	[PDU_FES_LIMIT_EXCEEDED] = "data transfer limit exceeded",
	[PDU_FES_UNSUPPORTED] = "unsupported parameter",
};
_Static_assert(sizeof(fes_name) / sizeof(fes_name[0]) == PDU_FES_MAX, "a name for each FES");

static const char *const type_name[] = {
	[PDU_ICREQ] = "ICReq",
	[PDU_ICRESP] = "ICResp",
	[PDU_H2C_TERMREQ] = "H2CTermReq",
	[PDU_C2H_TERMREQ] = "C2HTermReq",
	[PDU_CAPSULE_CMD] = "CapsuleCmd",
	[PDU_CAPSULE_RESP] = "CapsuleResp",
	[PDU_H2C_DATA] = "H2CData",
	[PDU_C2H_DATA] = "C2HData",
	[PDU_R2T] = "R2T",
};

const char *
pdu_fes_name(uint32_t fes)
{
	return (fes < PDU_FES_MAX ? fes_name[fes] : "unknown");
}

const char *
pdu_type_name(uint8_t type)
{
	if (type >= sizeof(type_name) / sizeof(type_name[0]) || type_name[type] == NULL)
		return ("unknown");
	return (type_name[type]);
}

static int
refuse(struct pdu_verdict *v, enum pdu_fes fes, uint32_t fei)
{
	v->fes = fes;
	v->fei = fei;
	return (-1);
}

#define REFUSE_FIELD(v, pdu, field) \
	refuse((v), PDU_FES_INVALID_FIELD, (uint32_t)offsetof(struct pdu, field))

/* A connection begins with an ICReq, and has just that one. */
static const struct pdu_rule *
find_rule(uint8_t type, bool icreq_done)
{
	if (type >= NRULES || rules[type].hlen == 0 || (type == PDU_ICREQ) == icreq_done)
		return (NULL);
	return (&rules[type]);
}

/* Where data would begin; wrong PDOs are found later. */
static uint32_t
data_start(const struct pdu_common *ch, const struct pdu_verdict *v)
{
	return (ch->pdo != 0 ? ch->pdo : v->header_len);
}

/* Digests are used as negotiated; the data digest only where there is data. */
static bool
flags_ok(const struct pdu_common *ch, const struct pdu_rule *rule, const struct pdu_env *env,
    const struct pdu_verdict *v)
{
	bool may_hdgst = rule->flags & PDU_F_HDGST, may_ddgst = rule->flags & PDU_F_DDGST;

	if ((ch->flags & ~rule->flags) != 0)
		return (false);
	if (may_hdgst && v->hdgst != env->hdgst)
		return (false);
	if (v->ddgst && !env->ddgst)
		return (false);
	return (v->ddgst || !may_ddgst || !env->ddgst || v->total <= data_start(ch, v));
}

static bool
pdo_ok(const struct pdu_common *ch, const struct pdu_rule *rule, const struct pdu_env *env,
    const struct pdu_verdict *v)
{
	if (rule->data == DATA_NONE || rule->data == DATA_TRAILER)
		return (ch->pdo == 0);
	if (ch->pdo == 0)
		return (rule->data == DATA_OPTIONAL && v->total <= v->header_len);
	return (ch->pdo >= v->header_len && ch->pdo <= v->total && ch->pdo % env->rx_align == 0);
}

/* What is behind the header of a type that may have data. */
static int
check_data(const struct pdu_common *ch, const struct pdu_rule *rule, const struct pdu_env *env,
    struct pdu_verdict *v)
{
	uint32_t start = data_start(ch, v), rest = v->total - start;

	if (v->ddgst && rest <= PDU_DGST_BYTES)
		return (REFUSE_FIELD(v, pdu_common, plen));
	if (rest == 0 && rule->data == DATA_REQUIRED)
		return (REFUSE_FIELD(v, pdu_common, plen));
	v->pad = (uint8_t)(start - v->header_len);
	v->data_len = rest - (v->ddgst ? PDU_DGST_BYTES : 0);
	if (v->type == PDU_CAPSULE_CMD && v->data_len > env->max_icd)
		return (REFUSE_FIELD(v, pdu_common, plen));
	if (v->type == PDU_H2C_DATA && v->data_len > env->maxh2cdata)
		return (refuse(v, PDU_FES_LIMIT_EXCEEDED, 0));
	return (0);
}

static int
check_plen(const struct pdu_common *ch, const struct pdu_rule *rule, const struct pdu_env *env,
    struct pdu_verdict *v)
{
	if (v->total < v->header_len)
		return (REFUSE_FIELD(v, pdu_common, plen));
	switch (rule->data) {
	case DATA_NONE:
		return (v->total == v->header_len ? 0 : REFUSE_FIELD(v, pdu_common, plen));
	case DATA_TRAILER:
		v->data_len = v->total - v->header_len;
		return (v->total <= PDU_TERMREQ_MAX ? 0 : REFUSE_FIELD(v, pdu_common, plen));
	case DATA_OPTIONAL:
	case DATA_REQUIRED:
		break;
	}
	return (check_data(ch, rule, env, v));
}

int
pdu_check_common(const uint8_t *hdr, size_t len, const struct pdu_env *env,
    struct pdu_verdict *v)
{
	const struct pdu_rule *rule;
	struct pdu_common ch;

	*v = (struct pdu_verdict){ 0 };
	if (len < sizeof(ch))
		return (-1);
	memcpy(&ch, hdr, sizeof(ch));
	v->type = ch.type;
	/* Nobody answers a TermReq with a TermReq. */
	v->silent = ch.type == PDU_H2C_TERMREQ || ch.type == PDU_C2H_TERMREQ;
	if ((rule = find_rule(ch.type, env->icreq_done)) == NULL)
		return (REFUSE_FIELD(v, pdu_common, type));

	v->hdgst = ch.flags & rule->flags & PDU_F_HDGST;
	v->ddgst = ch.flags & rule->flags & PDU_F_DDGST;
	v->header_len = (uint8_t)(rule->hlen + (v->hdgst ? PDU_DGST_BYTES : 0));
	v->total = le32_get(ch.plen);
	if (!flags_ok(&ch, rule, env, v))
		return (REFUSE_FIELD(v, pdu_common, flags));
	if (ch.hlen != rule->hlen)
		return (REFUSE_FIELD(v, pdu_common, hlen));
	if (!pdo_ok(&ch, rule, env, v))
		return (REFUSE_FIELD(v, pdu_common, pdo));
	return (check_plen(&ch, rule, env, v));
}

int
pdu_check_hdgst(const uint8_t *hdr, size_t len, struct pdu_verdict *v)
{
	size_t hlen = v->header_len - (size_t)PDU_DGST_BYTES;
	struct le32 received;

	if (len < v->header_len)
		return (-1);
	if (!v->hdgst)
		return (0);
	memcpy(&received, hdr + hlen, sizeof(received));
	if (le32_get(received) != crc32c(hdr, hlen))
		return (refuse(v, PDU_FES_HDGST, le32_get(received)));
	return (0);
}

int
pdu_check_icreq(const uint8_t *hdr, size_t len, const struct pdu_env *env, struct pdu_verdict *v)
{
	struct pdu_icreq ic;

	(void)env;
	if (len < sizeof(ic))
		return (-1);
	memcpy(&ic, hdr, sizeof(ic));
	if (le16_get(ic.pfv) != 0)
		return (refuse(v, PDU_FES_UNSUPPORTED, offsetof(struct pdu_icreq, pfv)));
	if (ic.hpda > PDU_HPDA_MAX)
		return (REFUSE_FIELD(v, pdu_icreq, hpda));
	if ((ic.dgst & ~(PDU_DGST_HEADER | PDU_DGST_DATA)) != 0)
		return (REFUSE_FIELD(v, pdu_icreq, dgst));
	return (0);
}

int
pdu_check_h2cdata(const uint8_t *hdr, size_t len, const struct pdu_env *env,
    struct pdu_verdict *v)
{
	struct pdu_h2cdata pdu;
	uint32_t datal, end;

	if (len < sizeof(pdu))
		return (-1);
	memcpy(&pdu, hdr, sizeof(pdu));
	datal = le32_get(pdu.datal);
	if (datal > env->maxh2cdata)
		return (refuse(v, PDU_FES_LIMIT_EXCEEDED, 0));
	if (datal != v->data_len)
		return (REFUSE_FIELD(v, pdu_h2cdata, datal));
	/* Whole dwords, or the next PDU would not begin on one. */
	if (datal % 4 != 0 && (pdu.ch.flags & PDU_F_LAST) == 0)
		return (REFUSE_FIELD(v, pdu_h2cdata, datal));
	if (__builtin_add_overflow(le32_get(pdu.datao), datal, &end))
		return (refuse(v, PDU_FES_OUT_OF_RANGE, 0));
	return (0);
}

int
pdu_check(const uint8_t *hdr, size_t len, const struct pdu_env *env, struct pdu_verdict *v)
{
	if (pdu_check_common(hdr, len, env, v) == -1 || pdu_check_hdgst(hdr, len, v) == -1)
		return (-1);
	if (rules[v->type].check == NULL)
		return (0);
	return (rules[v->type].check(hdr, len, env, v));
}

void
pdu_get_icreq(const uint8_t *hdr, struct pdu_icreq_params *out)
{
	struct pdu_icreq ic;
	uint32_t maxr2t;

	memcpy(&ic, hdr, sizeof(ic));
	maxr2t = le32_get(ic.maxr2t);
	*out = (struct pdu_icreq_params){
		.hdgst = ic.dgst & PDU_DGST_HEADER,
		.ddgst = ic.dgst & PDU_DGST_DATA,
		.tx_align = (uint8_t)((ic.hpda + 1) * 4),
		.maxr2t = maxr2t == UINT32_MAX ? maxr2t : maxr2t + 1,
	};
}
