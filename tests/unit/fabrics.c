/* SPDX-License-Identifier: BSD-2-Clause */
/* Fabrics commands on a connected queue, and which commands are permitted when. */
#include "config.h"

#include "tests/unit/fake_transport.h"
#include "tests/unit/unit.h"

#define FIELD DNR(NVME_SC_INVALID_FIELD)
#define OPCODE DNR(NVME_SC_INVALID_OPCODE)

static struct cmd
fabrics(uint8_t fctype)
{
	return ((struct cmd){ .opc = NVME_OPC_FABRICS, .fctype = fctype });
}

static struct cmd
property(uint8_t fctype, uint32_t attrib, uint32_t offset, uint64_t value)
{
	struct cmd cmd = fabrics(fctype);

	cmd.cdw10 = attrib;
	cmd.cdw11 = offset;
	cmd.cdw12 = (uint32_t)value;
	cmd.cdw13 = (uint32_t)(value >> 32);
	return (cmd);
}

static void
property_get(void **state)
{
	static const struct { uint32_t attrib, offset; uint16_t status; uint64_t value; } rows[] = {
		{ 1, NVME_PROP_CAP, 0, 0x080000201e01007f },
		{ 0, NVME_PROP_CAP, FIELD, 0 },
		{ 0, NVME_PROP_CAP + 4, FIELD, 0 },
		{ 0, NVME_PROP_VS, 0, 0x00020000 },
		{ 1, NVME_PROP_VS, FIELD, 0 },
		{ 0, NVME_PROP_CC, 0, 0x00460001 },
		{ 1, NVME_PROP_CC, FIELD, 0 },
		{ 0, NVME_PROP_CSTS, 0, 1 },
		{ 8, NVME_PROP_CSTS, 0, 1 },		/* reserved bits of ATTRIB */
		{ 1, NVME_PROP_CSTS, FIELD, 0 },
		{ 2, NVME_PROP_CSTS, FIELD, 0 },
		{ 7, NVME_PROP_CSTS, FIELD, 0 },
		{ 0, NVME_PROP_CRTO, 0, 30 },
		{ 0, NVME_PROP_NSSR, FIELD, 0 },
		{ 0, 0x0c, FIELD, 0 },
		{ 0, 0x1001, FIELD, 0 },
		{ 0, 0xfffffffc, FIELD, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = property(NVMF_PROPERTY_GET, rows[i].attrib, rows[i].offset, 0);
		struct slot *s = fake_admin(&cmd);

		assert_int_equal(fake_status(s), rows[i].status);
		assert_true(s->result == rows[i].value);
		fake_release(s);
	}
}

static void
property_set(void **state)
{
	static const struct { uint32_t attrib, offset; uint64_t value; uint16_t status; } rows[] = {
		{ 0, NVME_PROP_CC, 0x00460001, 0 },
		{ 1, NVME_PROP_CC, 0x00460001, FIELD },
		{ 2, NVME_PROP_CC, 0x00460001, FIELD },
		{ 0, NVME_PROP_CSTS, 0, FIELD },
		{ 0, NVME_PROP_NSSR, 0x4e564d65, FIELD },
		{ 1, NVME_PROP_CAP, 0, FIELD },
		{ 0, NVME_PROP_VS, 0, FIELD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = property(NVMF_PROPERTY_SET, rows[i].attrib, rows[i].offset,
		    rows[i].value);

		assert_int_equal(fake_admin_status(&cmd), rows[i].status);
	}
}

/* What each queue knows. */
static void
types(void **state)
{
	static const struct { uint8_t fctype; uint16_t admin, io; } rows[] = {
		{ NVMF_CONNECT, DNR(NVME_SC_COMMAND_SEQUENCE_ERROR),
		    DNR(NVME_SC_COMMAND_SEQUENCE_ERROR) },
		{ NVMF_DISCONNECT, DNR(NVME_SC_INVALID_QUEUE_TYPE), 0 },
		{ NVMF_AUTHENTICATION_SEND, OPCODE, OPCODE },
		{ NVMF_AUTHENTICATION_RECEIVE, OPCODE, OPCODE },
		{ NVMF_PROPERTY_GET, FIELD, OPCODE },		/* CAP, 4 bytes */
		{ NVMF_PROPERTY_SET, FIELD, OPCODE },
		{ 0x02, OPCODE, OPCODE },
		{ 0xff, OPCODE, OPCODE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cmd cmd = fabrics(rows[i].fctype);

		assert_int_equal(fake_admin_status(&cmd), rows[i].admin);
		assert_int_equal(fake_nvm_status(&cmd, NULL), rows[i].io);
	}
}

static void
disconnect(void **state)
{
	struct cmd cmd = fabrics(NVMF_DISCONNECT);

	(void)state;
	cmd.cdw10 = 1;			/* RECFMT */
	assert_int_equal(fake_nvm_status(&cmd, NULL), DNR(NVME_SC_CONNECT_INCOMPATIBLE_FORMAT));
	assert_false(fake.c->io[0].qp.disconnect);
	cmd.cdw10 = 0;
	assert_int_equal(fake_nvm_status(&cmd, NULL), 0);
	assert_true(fake.c->io[0].qp.disconnect);
}

static void
no_disconnect_of_discovery(void **state)
{
	struct cmd cmd = fabrics(NVMF_DISCONNECT), get = property(NVMF_PROPERTY_GET, 0, NVME_PROP_VS, 0);

	(void)state;
	assert_int_equal(fake_admin_status(&cmd), DNR(NVME_SC_INVALID_OPCODE));
	assert_int_equal(fake_admin_status(&get), 0);
}

/* Before CC.EN: properties and Keep Alive, nothing else. */
static void
while_disabled(void **state)
{
	struct cmd get = property(NVMF_PROPERTY_GET, 0, NVME_PROP_VS, 0);
	struct cmd disconnect_cmd = fabrics(NVMF_DISCONNECT);

	(void)state;
	assert_int_equal(fake_admin_status(&get), 0);
	assert_int_equal(fake_admin_status(&disconnect_cmd), DNR(NVME_SC_INVALID_QUEUE_TYPE));
	assert_int_equal(fake_admin_status(&(struct cmd){ .opc = NVME_ADMIN_KEEP_ALIVE }), 0);
	for (unsigned opc = 0; opc < 256; opc++) {
		const struct cmd cmd = { .opc = (uint8_t)opc };

		if (opc != NVME_ADMIN_KEEP_ALIVE && admin_rule((uint8_t)opc) != NULL)
			assert_int_equal(fake_admin_status(&cmd), NVME_SC_COMMAND_SEQUENCE_ERROR);
	}
}

/* The ancestor's: only these exist, on each kind of controller. */
static void
opcodes(void **state)
{
	static const uint8_t admin[] = { 0x02, 0x06, 0x08, 0x09, 0x0a, 0x0c, 0x18 };
	static const uint8_t io[] = { 0x00, 0x01, 0x02, 0x05, 0x08, 0x09, 0x0c, 0x0d, 0x0e, 0x11,
	    0x15, 0x19 };
	unsigned nadmin = 0, nio = 0;

	(void)state;
	for (unsigned opc = 0; opc < 256; opc++) {
		nadmin += admin_rule((uint8_t)opc) != NULL;
		nio += nvm_rule((uint8_t)opc) != NULL;
	}
	assert_int_equal(nadmin, sizeof(admin));
	assert_int_equal(nio, sizeof(io));
	for (size_t i = 0; i < sizeof(admin); i++)
		assert_int_equal(admin_rule(admin[i])->opc, admin[i]);
	for (size_t i = 0; i < sizeof(io); i++)
		assert_int_equal(nvm_rule(io[i])->opc, io[i]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_io, fake_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(property_get), T(property_set), T(types), T(disconnect), T(opcodes),
		cmocka_unit_test_setup_teardown(while_disabled, fake_fresh, fake_end),
		cmocka_unit_test_setup_teardown(no_disconnect_of_discovery, fake_discovery,
		    fake_end),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
