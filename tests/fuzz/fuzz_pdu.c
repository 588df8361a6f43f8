/* SPDX-License-Identifier: BSD-2-Clause */
/* First byte: what was negotiated. The rest: a header. A good verdict adds up within its bounds. */
#include "config.h"

#include "common/pdu.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct pdu_env env = { .max_icd = 8192, .maxh2cdata = 131072 };
	struct pdu_verdict v;

	if (len < 1)
		return (0);
	env.hdgst = in[0] & 1;
	env.ddgst = in[0] & 2;
	env.icreq_done = in[0] & 4;
	env.rx_align = (uint8_t)(((in[0] >> 3) + 1) * 4);
	if (pdu_check(in + 1, len - 1, &env, &v) == -1) {
		PROMISE(v.fes < PDU_FES_MAX && v.header_len <= PDU_HEADER_MAX);
		return (0);
	}
	PROMISE(v.fes == PDU_FES_NONE && v.header_len < len && v.data_len <= env.maxh2cdata);
	PROMISE(v.header_len + v.pad + v.data_len + (v.ddgst ? 4 : 0) == v.total);
	PROMISE(v.type != PDU_CAPSULE_CMD || v.data_len <= env.max_icd);
	return (0);
}
