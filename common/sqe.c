/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding and checking of submission queue entries. NVMe Base 2.0, SQE and SGL chapters; the
 * order of the checks decides which status a host sees, so it is that of the known targets.
 */
#include "config.h"

#include "common/sqe.h"

void
sqe_decode(const struct nvme_sqe *sqe, struct cmd *c)
{
	bool fabrics = sqe->opc == NVME_OPC_FABRICS;

	*c = (struct cmd){
		.opc = sqe->opc,
		.fctype = fabrics ? sqe->fctype : 0,
		.fuse = NVME_FUSE(sqe->fuse_psdt),
		.psdt = NVME_PSDT(sqe->fuse_psdt),
		.cid = le16_get(sqe->cid),
		.nsid = fabrics ? 0 : le32_get(sqe->nsid),
		.cdw2 = le32_get(sqe->cdw2),
		.cdw3 = le32_get(sqe->cdw3),
		.cdw10 = le32_get(sqe->cdw10),
		.cdw11 = le32_get(sqe->cdw11),
		.cdw12 = le32_get(sqe->cdw12),
		.cdw13 = le32_get(sqe->cdw13),
		.cdw14 = le32_get(sqe->cdw14),
		.cdw15 = le32_get(sqe->cdw15),
		.sgl_type = sqe->sgl1.id >> 4,
		.sgl_subtype = sqe->sgl1.id & 0xf,
		.sgl_addr = le64_get(sqe->sgl1.addr),
		.sgl_len = le32_get(sqe->sgl1.len),
	};
}

enum sqe_dir
sqe_direction(const struct cmd *c)
{
	uint8_t bits = c->opc == NVME_OPC_FABRICS ? c->fctype : c->opc;

	return ((enum sqe_dir)(bits & 0x3));
}

bool
sqe_is_icd(const struct cmd *c)
{
	return (NVME_SGL_ID(c->sgl_type, c->sgl_subtype) == NVME_SGL_ID_ICD);
}

/*
 * Byte 1 of a Fabrics command was reserved before it held PSDT, so zero is accepted there. With
 * any other command zero means PRPs, which name memory that this transport cannot reach.
 */
static bool
psdt_ok(const struct cmd *c)
{
	if (c->psdt == NVME_PSDT_PRP)
		return (c->opc == NVME_OPC_FABRICS);
	return (c->psdt != NVME_PSDT_RESERVED);
}

static uint16_t
check_icd(const struct cmd *c, uint32_t icd_len, uint32_t max_icd)
{
	if (c->sgl_len != icd_len || icd_len > max_icd)
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	if (c->sgl_addr != 0)
		return (NVME_SC_SGL_OFFSET_INVALID | NVME_SC_DNR);
	if (icd_len > 0 && sqe_direction(c) != SQE_DIR_TO_CTRL)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	return (NVME_SC_SUCCESS);
}

static uint16_t
check_transport(const struct cmd *c, uint32_t icd_len)
{
	if (icd_len > 0)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if (c->sgl_addr != 0)
		return (NVME_SC_SGL_OFFSET_INVALID | NVME_SC_DNR);
	return (NVME_SC_SUCCESS);
}

uint16_t
sqe_check_sgl(const struct cmd *c, uint32_t icd_len, uint32_t max_icd)
{
	if (sqe_direction(c) == SQE_DIR_BOTH)
		return (NVME_SC_INVALID_OPCODE | NVME_SC_DNR);
	if (!psdt_ok(c))
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	/* DPTR is reserved in a command without data: only data that came anyway is wrong. */
	if (sqe_direction(c) == SQE_DIR_NONE)
		return (icd_len == 0 ? NVME_SC_SUCCESS : NVME_SC_INVALID_FIELD | NVME_SC_DNR);

	switch (NVME_SGL_ID(c->sgl_type, c->sgl_subtype)) {
	case NVME_SGL_ID_ICD:
		return (check_icd(c, icd_len, max_icd));
	case NVME_SGL_ID_TRANSPORT:
		return (check_transport(c, icd_len));
	default:
		return (NVME_SC_SGL_DESCRIPTOR_TYPE_INVALID | NVME_SC_DNR);
	}
}

bool
range_ok(uint64_t lba, uint64_t nlb, uint64_t nlbas)
{
	uint64_t end;

	return (!__builtin_add_overflow(lba, nlb, &end) && end <= nlbas);
}

bool
size_mul(uint64_t a, uint64_t b, uint64_t *product)
{
	return (!__builtin_mul_overflow(a, b, product));
}
