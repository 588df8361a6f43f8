/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of reservations in the worker have in common.
 */
#include "config.h"

#include "tests/unit/resv_world.h"

const uint8_t keys[64] = { 1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
    0x18 };

void
answer(uint32_t token, uint16_t status)
{
	resv_answered(fake.c, &(struct ipc_resv_answer){ .token = token, .status = status });
}

const struct ipc_resv *
asked(void)
{
	assert_int_not_equal(fake.nasked, 0);
	return (&fake.asked[(fake.nasked - 1) % ARRAY_LEN(fake.asked)]);
}

uint16_t
set(uint8_t fid, uint32_t nsid, uint32_t value)
{
	return (fake_admin_status(&(struct cmd){ .opc = NVME_ADMIN_SET_FEATURES, .nsid = nsid,
	    .cdw10 = fid, .cdw11 = value }));
}

uint16_t
get(uint8_t fid, uint32_t nsid, uint64_t *value)
{
	struct slot *s = fake_admin(&(struct cmd){ .opc = NVME_ADMIN_GET_FEATURES, .nsid = nsid,
	    .cdw10 = fid });
	uint16_t status = fake_status(s);

	*value = s->result;
	fake_release(s);
	return (status);
}

void
row_of(uint32_t nsid, uint32_t rescap, uint32_t ptpl)
{
	struct ipc_ns row = ns_find(fake.lane.ns, nsid)->id;

	row.rescap = rescap;
	row.ptpl = ptpl;
	assert_int_equal(ns_change(fake.c, &row), 0);
}
