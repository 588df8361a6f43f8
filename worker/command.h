/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of a command by its opcode: a row in a table of its command set, and what it may be
 * at most.
 */
#ifndef WORKER_COMMAND_H
#define WORKER_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct ns;
struct ns_table;
struct qpair;
struct slot;

struct cmd_rule {
	uint8_t opc;
	const char *name;
	/* Judges everything that can be judged without data; sets len_in or len_out. 0 or status.
	 * Has no side effect. */
	uint16_t (*prepare)(struct slot *);
	/* All data is in buf (len_in), or buf has room for len_out (zeroed for admin commands).
	 * Answers now or later with slot_done or slot_done_data, exactly once. */
	void (*execute)(struct slot *);
	unsigned flags;
};
#define RULE_DISABLED	0x1u	/* permitted while CC.EN is 0 */
#define RULE_DISCOVERY	0x2u	/* permitted on a discovery controller */
#define RULE_READS	0x8u	/* not while somebody's reservation forbids this host to read */
#define RULE_WRITES	0x10u	/* ... or to write */
#define RULE_CHANGES	0x4u	/* may change what is in a namespace (log 05h) */

/* ---- command sets: tables by opcode; NULL: Invalid Opcode ---- */
const struct cmd_rule *admin_rule(uint8_t opc);		/* admin.c */
const struct cmd_rule *nvm_rule(uint8_t opc);		/* nvm.c */
bool	nvm_is_offered(const struct ns_table *, uint8_t opc);	/* with these namespaces */
const struct cmd_rule *fabrics_rule(const struct qpair *, uint8_t fctype);	/* fabrics.c */

/* Limits of a command, as Identify says them. */
#define NVM_ZERO_SLICE		(32u << 20)	/* WZSL, bytes: no operation of the engine is longer */
#define NVM_VERIFY_ADVICE	(32u << 20)	/* VSL, bytes */
#define NVM_DISCARD_RANGES	255u		/* Dataset Management */
#define NVM_DISCARD_RANGE_MAX	(4ull << 30)	/* bytes in a range */
#define NVM_DISCARD_MAX		(16ull << 30)	/* bytes in a command */
#define NVM_COPY_FORMATS	0x5u		/* OCFS: descriptor formats 0h and 2h */
#define NVM_COPY_RANGES		128u
#define NVM_COPY_RANGE_MAX	(16u << 20)	/* bytes in a range */
#define NVM_COPY_MAX		(64u << 20)	/* bytes in a command */
/* ... in blocks: of Dataset Management for every namespace; of Copy for one. nvm_dsm.c, nvm_copy.c */
/* Of Dataset Management; all 0 when no namespace can deallocate: it is not there then. */
struct nvm_limits { uint8_t dmrl; uint32_t dmrsl; uint64_t dmsl; };
struct nvm_limits nvm_limits(const struct ns_table *);
struct nvm_copy_limits { uint16_t mssrl; uint32_t mcl; };
struct nvm_copy_limits nvm_copy_limits(const struct ns *);

#endif
