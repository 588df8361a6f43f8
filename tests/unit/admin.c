/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin command set: which commands there are on each kind of controller, and when. */
#include "config.h"

#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define OPCODE DNR(NVME_SC_INVALID_OPCODE)

static const uint8_t offered[] = {
	NVME_ADMIN_GET_LOG_PAGE, NVME_ADMIN_IDENTIFY, NVME_ADMIN_ABORT, NVME_ADMIN_SET_FEATURES,
	NVME_ADMIN_GET_FEATURES, NVME_ADMIN_ASYNC_EVENT_REQUEST, NVME_ADMIN_KEEP_ALIVE,
};

static bool
is_offered(unsigned opc)
{
	return (memchr(offered, (int)opc, sizeof(offered)) != NULL);
}

/* Namespace Management and Attachment among them: OACS says that there is no such thing. */
static void
opcodes(void **state)
{
	(void)state;
	for (unsigned opc = 0; opc < 256; opc++) {
		struct slot *s;

		if (opc == NVME_OPC_FABRICS)
			continue;
		s = fake_admin(&(struct cmd){ .opc = (uint8_t)opc, .nsid = NS_512, .sgl_len = 4096 });
		if (opc == NVME_ADMIN_ASYNC_EVENT_REQUEST) {
			assert_false(fake_answered(s));
			continue;
		}
		assert_int_equal(fake_status(s) == OPCODE, !is_offered(opc));
		fake_release(s);
	}
	assert_false(is_offered(NVME_ADMIN_NS_MANAGEMENT) || is_offered(NVME_ADMIN_NS_ATTACHMENT));
}

/* While CC.EN is 0 a host may keep itself alive, and no more. */
static void
disabled(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(offered); i++) {
		const struct cmd cmd = { .opc = offered[i], .sgl_len = 4096 };

		assert_int_equal(fake_admin_status(&cmd), offered[i] == NVME_ADMIN_KEEP_ALIVE ? 0 :
		    NVME_SC_COMMAND_SEQUENCE_ERROR);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(opcodes),
		cmocka_unit_test_setup_teardown(opcodes, fake_discovery, fake_end),
		cmocka_unit_test_setup_teardown(disabled, fake_fresh, fake_end),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
