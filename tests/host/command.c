/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Submission queue entries of the admin and NVM command sets, one function each, and the names of
 * statuses. Nothing is sent here but by host_run().
 */
#include "config.h"

#include <string.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

void
host_fill(
    struct host_cmd *cmd, uint8_t opc, uint32_t nsid, enum host_dir dir, void *buf, uint32_t len)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->sqe[SQE_OPC] = opc;
	put32(cmd->sqe, SQE_NSID, nsid);
	cmd->dir = dir;
	cmd->buf = buf;
	cmd->len = len;
}

void
host_fill_identify(struct host_cmd *cmd, uint8_t cns, uint32_t nsid, void *buf, uint32_t len)
{
	host_fill(cmd, OPC_IDENTIFY, nsid, HOST_FROM_TARGET, buf, len);
	put32(cmd->sqe, SQE_CDW10, cns);
}

void
host_fill_log(struct host_cmd *cmd, uint8_t lid, uint64_t offset, void *buf, uint32_t len)
{
	uint32_t numd = len / 4 - 1;

	host_fill(cmd, OPC_GET_LOG, HOST_NSID_ALL, HOST_FROM_TARGET, buf, len);
	put32(cmd->sqe, SQE_CDW10, lid | numd << 16);
	put32(cmd->sqe, SQE_CDW11, numd >> 16);
	put64(cmd->sqe, SQE_CDW12, offset);
}

void
host_fill_get_feature(struct host_cmd *cmd, uint8_t fid)
{
	host_fill(cmd, OPC_GET_FEATURES, 0, HOST_NODATA, NULL, 0);
	put32(cmd->sqe, SQE_CDW10, fid);
}

void
host_fill_set_feature(struct host_cmd *cmd, uint8_t fid, uint32_t cdw11)
{
	host_fill(cmd, OPC_SET_FEATURES, 0, HOST_NODATA, NULL, 0);
	put32(cmd->sqe, SQE_CDW10, fid);
	put32(cmd->sqe, SQE_CDW11, cdw11);
}

void
host_fill_abort(struct host_cmd *cmd, uint16_t sqid, uint16_t cid)
{
	host_fill(cmd, OPC_ABORT, 0, HOST_NODATA, NULL, 0);
	put32(cmd->sqe, SQE_CDW10, sqid | (uint32_t)cid << 16);
}

static void
fill_range(struct host_cmd *cmd, uint64_t lba, uint32_t nlb)
{
	put64(cmd->sqe, SQE_CDW10, lba);
	put32(cmd->sqe, SQE_CDW12, (nlb - 1) & 0xffff);
}

void
host_fill_read(
    struct host_cmd *cmd, uint32_t nsid, uint64_t lba, uint32_t nlb, void *buf, uint32_t len)
{
	host_fill(cmd, OPC_READ, nsid, HOST_FROM_TARGET, buf, len);
	fill_range(cmd, lba, nlb);
}

void
host_fill_write(
    struct host_cmd *cmd, uint32_t nsid, uint64_t lba, uint32_t nlb, void *buf, uint32_t len)
{
	host_fill(cmd, OPC_WRITE, nsid, HOST_TO_TARGET, buf, len);
	fill_range(cmd, lba, nlb);
}

void
host_fill_flush(struct host_cmd *cmd, uint32_t nsid)
{
	host_fill(cmd, OPC_FLUSH, nsid, HOST_NODATA, NULL, 0);
}

void
host_fill_zeroes(struct host_cmd *cmd, uint32_t nsid, uint64_t lba, uint32_t nlb)
{
	host_fill(cmd, OPC_WRITE_ZEROES, nsid, HOST_NODATA, NULL, 0);
	fill_range(cmd, lba, nlb);
}

/* ranges: n times 16 bytes, filled by host_dsm_range(). */
void
host_fill_deallocate(struct host_cmd *cmd, uint32_t nsid, void *ranges, unsigned n)
{
	host_fill(cmd, OPC_DSM, nsid, HOST_TO_TARGET, ranges, n * 16);
	put32(cmd->sqe, SQE_CDW10, n - 1);
	put32(cmd->sqe, SQE_CDW11, 4);
}

void
host_dsm_range(void *ranges, unsigned i, uint64_t lba, uint32_t nlb)
{
	put32(ranges, i * 16, 0);
	put32(ranges, i * 16 + 4, nlb);
	put64(ranges, i * 16 + 8, lba);
}

void
host_fill_compare(
    struct host_cmd *cmd, uint32_t nsid, uint64_t lba, uint32_t nlb, void *buf, uint32_t len)
{
	host_fill(cmd, OPC_COMPARE, nsid, HOST_TO_TARGET, buf, len);
	fill_range(cmd, lba, nlb);
}

void
host_fill_verify(struct host_cmd *cmd, uint32_t nsid, uint64_t lba, uint32_t nlb)
{
	host_fill(cmd, OPC_VERIFY, nsid, HOST_NODATA, NULL, 0);
	fill_range(cmd, lba, nlb);
}

void
host_fill_copy(struct host_cmd *cmd, uint32_t nsid, uint64_t to, void *ranges, unsigned n,
    unsigned format)
{
	host_fill(cmd, OPC_COPY, nsid, HOST_TO_TARGET, ranges, n * 32);
	put64(cmd->sqe, SQE_CDW10, to);
	put32(cmd->sqe, SQE_CDW12, (n - 1) | format << 8);
}

void
host_copy_range(void *ranges, unsigned i, uint32_t snsid, uint64_t lba, uint32_t nlb)
{
	put32(ranges, i * 32, snsid);
	put64(ranges, i * 32 + 8, lba);
	put16(ranges, i * 32 + 16, (uint16_t)(nlb - 1));
}

/* Execute what has to succeed: here an error status is an error of the queue, HOST_STATUS. */
int
host_run(struct host_queue *q, struct host_cmd *cmd)
{
	if (host_queue_exec(q, cmd) == -1)
		return (-1);
	if (cmd->status == 0)
		return (0);
	return (host_conn_fail(&q->conn, HOST_STATUS, "opcode %#x: status %#x (%s)",
	    cmd->sqe[SQE_OPC], cmd->status, host_status_name(cmd->status)));
}

const char *
host_status_name(uint16_t status)
{
	static const struct { uint16_t status; const char *name;
	} names[] = {
	    {0, "Successful Completion"},
	    {ST_OPCODE, "Invalid Opcode"},
	    {ST_FIELD, "Invalid Field"},
	    {ST_CID, "Command ID Conflict"},
	    {ST_XFER, "Data Transfer Error"},
	    {0x006, "Internal Error"},
	    {ST_ABORTED, "Command Abort Requested"},
	    {ST_NAMESPACE, "Invalid Namespace or Format"},
	    {ST_SEQUENCE, "Command Sequence Error"},
	    {ST_SGL_LENGTH, "Data SGL Length Invalid"},
	    {ST_SGL_TYPE, "SGL Descriptor Type Invalid"},
	    {ST_SGL_OFFSET, "SGL Offset Invalid"},
	    {0x015, "Operation Denied"},
	    {ST_FUSED_FAILED, "Aborted due to Failed Fused Command"},
	    {ST_FUSED_MISSING, "Aborted due to Missing Fused Command"},
	    {ST_HOSTID, "Host Identifier Inconsistent Format"},
	    {ST_KATO, "Keep Alive Timeout Invalid"},
	    {ST_PROTECTED, "Namespace is Write Protected"},
	    {ST_TRANSPORT, "Transient Transport Error"},
	    {ST_LBA, "LBA Out of Range"},
	    {0x081, "Capacity Exceeded"},
	    {ST_CONFLICT, "Reservation Conflict"},
	    {ST_NOT_SAVEABLE, "Feature Identifier Not Saveable"},
	    {ST_NOT_CHANGEABLE, "Feature Not Changeable"},
	    {ST_NOT_NS_SPECIFIC, "Feature Not Namespace Specific"},
	    {ST_NO_COMMAND_SET, "I/O Command Set Not Supported"},
	    {ST_COMMAND_SET, "Invalid I/O Command Set"},
	    {ST_MISCOMPARE, "Compare Failure"},
	    {ST_AER_LIMIT, "Asynchronous Event Request Limit Exceeded"},
	    {ST_LOG, "Invalid Log Page"},
	    {ST_FORMAT, "Connect Incompatible Format"},
	    {ST_BUSY, "Connect Controller Busy"},
	    {ST_PARAMETER, "Connect Invalid Parameters"},
	    {ST_RESTART, "Connect Restart Discovery"},
	    {ST_HOST, "Connect Invalid Host"},
	    {ST_QTYPE, "Invalid Queue Type"},
	    {0x185, "Incompatible Namespace or Format"},
	    {0x187, "Overlapping I/O Range"},
	    {0x285, "Compare Failure"},
	    {0x301, "ANA Persistent Loss"},
	    {0x302, "ANA Inaccessible"},
	    {0x303, "ANA Transition"},
	    {0x286, "Access Denied"},
	    {0x280, "Write Fault"},
	    {0x281, "Unrecovered Read Error"},
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].status == (status & ST_SC_MASK))
			return (names[i].name);
	return ("?");
}
