/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connect, judged field by field in an order that hosts and test suites know: the command first,
 * then its data. Every refusal here is permanent for this command, so DNR is set on all of them.
 * Reserved fields and CATTR bits are tolerated, as by other targets.
 */
#include "config.h"

#include <string.h>

#include "common/connect.h"

enum { IATTR_SQE, IATTR_DATA };

#define SQE_OFFSET(field) ((uint16_t)offsetof(struct nvme_sqe, field))
#define DATA_OFFSET(field) ((uint16_t)offsetof(struct nvmf_connect_data, field))

static uint16_t
invalid(struct connect_refusal *r, uint8_t iattr, uint16_t ipo)
{
	r->iattr = iattr;
	r->ipo = ipo;
	return (NVME_SC_CONNECT_INVALID_PARAMETERS | NVME_SC_DNR);
}

static uint16_t
check_queue(const struct connect_req *q, const struct connect_limits *l,
    struct connect_refusal *r)
{
	uint32_t most = q->qid == 0 ? l->admin_entries : l->io_entries;

	if (q->qid != 0 && l->io_entries == 0)
		return (invalid(r, IATTR_SQE, SQE_OFFSET(connect.qid)));
	if (q->qid == 0 && most > NVME_ADMIN_ENTRIES_MAX)
		most = NVME_ADMIN_ENTRIES_MAX;
	if (q->sqsize < 2 || q->sqsize > most)
		return (invalid(r, IATTR_SQE, SQE_OFFSET(connect.sqsize)));
	if (q->qid != 0 && q->kato_ms != 0)
		return (invalid(r, IATTR_SQE, SQE_OFFSET(connect.kato_ms)));
	return (NVME_SC_SUCCESS);
}

uint16_t
connect_check_sqe(const struct nvme_sqe *sqe, const struct connect_limits *l,
    struct connect_req *out, struct connect_refusal *r)
{
	uint16_t status;

	*r = (struct connect_refusal){ 0 };
	*out = (struct connect_req){
		.qid = le16_get(sqe->connect.qid),
		.sqsize = le16_get(sqe->connect.sqsize) + 1u,	/* 0's based on the wire */
		.kato_ms = le32_get(sqe->connect.kato_ms),
		.cattr = sqe->connect.cattr,
	};
	if (sqe->opc != NVME_OPC_FABRICS || sqe->fctype != NVMF_CONNECT)
		return (NVME_SC_INVALID_OPCODE | NVME_SC_DNR);
	if (le16_get(sqe->connect.recfmt) != 0)
		return (NVME_SC_CONNECT_INCOMPATIBLE_FORMAT | NVME_SC_DNR);
	if ((status = check_queue(out, l, r)) != 0)
		return (status);
	if (le32_get(sqe->sgl1.len) != sizeof(struct nvmf_connect_data))
		return (invalid(r, IATTR_SQE, SQE_OFFSET(sgl1)));
	return (NVME_SC_SUCCESS);
}

/* The admin queue asks for any controller; an I/O queue names the one that it belongs to. */
static bool
cntlid_ok(uint16_t qid, uint16_t cntlid)
{
	if (qid == 0)
		return (cntlid == NVME_CNTLID_DYNAMIC);
	return (cntlid <= NVME_CNTLID_MAX);
}

static void
copy_nqn(char to[NQN_SIZE], const uint8_t field[NVME_NQN_FIELD])
{
	memcpy(to, field, strnlen((const char *)field, NQN_SIZE - 1));
}

uint16_t
connect_check(const struct nvme_sqe *sqe, const struct nvmf_connect_data *data, size_t data_len,
    const struct connect_limits *l, struct connect_req *out, struct connect_refusal *r)
{
	static const uint8_t no_hostid[sizeof(data->hostid)];
	uint16_t status = connect_check_sqe(sqe, l, out, r);

	if (status != 0)
		return (status);
	if (data_len != sizeof(*data))
		return (invalid(r, IATTR_SQE, SQE_OFFSET(sgl1)));
	if (memcmp(data->hostid, no_hostid, sizeof(no_hostid)) == 0)
		return (invalid(r, IATTR_DATA, DATA_OFFSET(hostid)));
	out->cntlid = le16_get(data->cntlid);
	if (!cntlid_ok(out->qid, out->cntlid))
		return (invalid(r, IATTR_DATA, DATA_OFFSET(cntlid)));
	if (!nqn_valid(data->subnqn))
		return (invalid(r, IATTR_DATA, DATA_OFFSET(subnqn)));
	if (!nqn_valid(data->hostnqn))
		return (invalid(r, IATTR_DATA, DATA_OFFSET(hostnqn)));
	memcpy(out->hostid, data->hostid, sizeof(out->hostid));
	copy_nqn(out->subnqn, data->subnqn);
	copy_nqn(out->hostnqn, data->hostnqn);
	return (NVME_SC_SUCCESS);
}

uint32_t
connect_refusal_dw0(const struct connect_refusal *r)
{
	return (NVME_CONNECT_IPO(r->ipo, r->iattr));
}
