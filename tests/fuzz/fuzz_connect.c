/* SPDX-License-Identifier: BSD-2-Clause */
/* 64 bytes of command, then data of any length. What is accepted is terminated and in bounds. */
#include "config.h"

#include <string.h>

#include "common/connect.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static const struct connect_limits limits = { .admin_entries = 128, .io_entries = 1024 };
	const struct nvme_sqe *sqe = (const void *)in;
	const struct nvmf_connect_data *data = (const void *)(in + sizeof(*sqe));
	struct connect_refusal why;
	struct connect_req req;
	char text[64];

	if (len < sizeof(*sqe))
		return (0);
	if (connect_check(sqe, data, len - sizeof(*sqe), &limits, &req, &why) != 0)
		return (0);
	PROMISE(len == sizeof(*sqe) + sizeof(*data) && req.sqsize >= 2 && req.sqsize <= 1024);
	PROMISE(nqn_valid_text(req.hostnqn) && nqn_valid_text(req.subnqn));
	PROMISE(escape_text(text, sizeof(text), req.hostnqn) < sizeof(text));
	return (0);
}
