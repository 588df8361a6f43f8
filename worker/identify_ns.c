/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identify, the structures of one namespace. What is said here comes from what the broker measured;
 * what nobody measured is left zero, which is "not reported" in every field used here.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

static bool
is_given(const uint8_t *id, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (id[i] != 0)
			return (true);
	return (false);
}

/* bytes as a 0's based number of blocks; one block when that is not a whole power of two. */
static struct le16
granularity(const struct ns *ns, uint32_t bytes)
{
	uint32_t blocks = bytes >> ns->lbads;

	if (blocks == 0 || (bytes & (bytes - 1)) != 0 || blocks > 65536)
		return (le16(0));
	return (le16((uint16_t)(blocks - 1)));
}

/* Of a RAID set it is no power of two, but NOWS is a multiple of NPWG. */
static struct le16
optimal_write(const struct ns *ns, uint32_t npwg)
{
	uint32_t opt = ns->id.opt_io_size >> ns->lbads;

	if (opt == 0 || opt > 65536 || opt % (npwg + 1) != 0)
		return (le16((uint16_t)npwg));
	return (le16((uint16_t)(opt - 1)));
}

static void
put_performance(const struct ns *ns, struct nvme_id_ns *id)
{
	id->nsfeat |= NVME_NSFEAT_OPTPERF;
	id->npwg = id->npwa = granularity(ns, ns->id.phys_block_size);
	if (ns->id.can_discard)
		id->npdg = id->npda = granularity(ns, ns->id.discard_gran);
	id->nows = optimal_write(ns, le16_get(id->npwg));
}

/* DEAC may be set for every namespace, since its bit is the same in all of a subsystem: where nothing
 * can be deallocated zeros are written. */
static uint8_t
deallocation(const struct ns *ns)
{
	return (NVME_DLFEAT_WRITE_ZEROES_DEAC | (ns->id.can_discard ? NVME_DLFEAT_ZEROES : 0));
}

/* Out of reach, what is stored in it is not known; hosts ask where it can be reached. Its size they
 * have to know here, too. */
static bool
knows_capacity(const struct ns *ns)
{
	return (ns->id.ana_state != NVME_ANA_INACCESSIBLE &&
	    ns->id.ana_state != NVME_ANA_PERSISTENT_LOSS);
}

void
identify_ns(const struct ns *ns, struct nvme_id_ns *id)
{
	struct nvm_copy_limits copy = nvm_copy_limits(ns);
	uint64_t nlbas = ns->id.nlbas;

	id->nsze = id->ncap = le64(nlbas);
	if (knows_capacity(ns)) {
		id->nuse = le64(nlbas);
		id->nvmcap.lo = le64(nlbas << ns->lbads);
	}
	id->nmic = NVME_NMIC_SHARED;	/* other hosts' controllers may have it too */
	id->dlfeat = deallocation(ns);
	id->rescap = (uint8_t)ns->id.rescap;
	put_performance(ns, id);
	id->mssrl = le16(copy.mssrl);
	id->mcl = le32(copy.mcl);
	id->msrc = NVM_COPY_RANGES - 1;	/* 0's based */
	id->nsfeat |= NVME_NSFEAT_NSABP;
	id->nacwu = le16((uint16_t)(fused_blocks(ns->lbads) - 1));
	if (ns_is_protected(ns))
		id->nsattr = NVME_NSATTR_WRITE_PROTECTED;
	memcpy(id->nguid, ns->id.nguid, sizeof(id->nguid));
	memcpy(id->eui64, ns->id.eui64, sizeof(id->eui64));
	id->anagrpid = le32(ns->id.ana_group);
	id->lbaf[0].lbads = ns->lbads;
}

void
identify_ns_independent(const struct ns *ns, struct nvme_id_ns_independent *id)
{
	id->nmic = NVME_NMIC_SHARED;
	id->rescap = (uint8_t)ns->id.rescap;
	if (ns_is_protected(ns))
		id->nsattr = NVME_NSATTR_WRITE_PROTECTED;
	id->anagrpid = le32(ns->id.ana_group);
	id->nstat = NVME_NSTAT_NRDY;
}

static uint8_t *
put_desc(uint8_t *to, enum nvme_nidt type, const void *id, uint8_t size)
{
	struct nvme_ns_desc head = { .nidt = type, .nidl = size };

	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), id, size);
	return (to + sizeof(head) + size);
}

void
identify_ns_descs(const struct ns *ns, uint8_t *to)
{
	static const uint8_t csi = NVME_CSI_NVM;

	if (is_given(ns->id.eui64, sizeof(ns->id.eui64)))
		to = put_desc(to, NVME_NIDT_EUI64, ns->id.eui64, sizeof(ns->id.eui64));
	if (is_given(ns->id.nguid, sizeof(ns->id.nguid)))
		to = put_desc(to, NVME_NIDT_NGUID, ns->id.nguid, sizeof(ns->id.nguid));
	if (is_given(ns->id.uuid, sizeof(ns->id.uuid)))
		to = put_desc(to, NVME_NIDT_UUID, ns->id.uuid, sizeof(ns->id.uuid));
	put_desc(to, NVME_NIDT_CSI, &csi, sizeof(csi));
}
