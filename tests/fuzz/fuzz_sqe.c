/* SPDX-License-Identifier: BSD-2-Clause */
/* 64 bytes of command, 4 of in-capsule length. What is accepted has its data where it says. */
#include "config.h"

#include <string.h>

#include "common/sqe.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct { struct nvme_sqe sqe; struct le32 icd; } x;
	struct cmd c;
	uint64_t slba, nlb;

	if (len < sizeof(x))
		return (0);
	memcpy(&x, in, sizeof(x));
	sqe_decode(&x.sqe, &c);
	slba = (uint64_t)c.cdw11 << 32 | c.cdw10;
	nlb = NVME_RW_NLB0(c.cdw12) + 1ull;
	PROMISE(!range_ok(slba, nlb, c.nsid) || (slba < c.nsid && nlb <= c.nsid - slba));
	if (sqe_check_sgl(&c, le32_get(x.icd), 8192) != 0 || le32_get(x.icd) == 0)
		return (0);
	PROMISE(sqe_is_icd(&c) && c.sgl_len == le32_get(x.icd) && c.sgl_len <= 8192);
	PROMISE(sqe_direction(&c) == SQE_DIR_TO_CTRL && c.sgl_addr == 0);
	return (0);
}
