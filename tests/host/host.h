/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test host: a small user-space NVMe/TCP initiator, and the map of this directory. It is the
 * oracle of the target: it shares no parser and no builder with it, checks every answer strictly,
 * and names what is wrong. One thread drives any number of queues; nothing here is thread safe,
 * nothing prints.
 *
 * Actions return 0 or -1; after -1 the error of the connection says why, and the queue is dead.
 * A command that the target answered with an error status is no error: look at host_cmd.status.
 */
#ifndef TESTS_HOST_HOST_H
#define TESTS_HOST_HOST_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

struct host_cmd;
struct host_conn;
struct host_queue;

#define HOST_DISCOVERY_NQN	"nqn.2014-08.org.nvmexpress.discovery"
#define HOST_NQN_MAX		223
#define HOST_CNTLID_ANY		0xffff
#define HOST_NSID_ALL		0xffffffffu

/* What can go wrong, by name. From PDU_TYPE on it is the target that broke a rule. */
#define HOST_FAULTS(X)								\
	X(NONE, "none")			X(SYSTEM, "system call")		\
	X(TCP, "tcp connect")		X(CLOSED, "connection closed")		\
	X(TIMEOUT, "time-out")		X(TERMREQ, "C2HTermReq")		\
	X(REFUSED, "connect refused")	X(STATUS, "error status")		\
	X(ARGUMENT, "wrong use")	X(PATTERN, "data mismatch")		\
	X(PDU_TYPE, "pdu-type")		X(PDU_FLAGS, "pdu-flags")		\
	X(PDU_HLEN, "pdu-hlen")		X(PDU_PDO, "pdu-pdo")			\
	X(PDU_PLEN, "pdu-plen")		X(PDU_RESERVED, "pdu-reserved")		\
	X(PDU_PAD, "pdu-pad")		X(DIGEST_FLAG, "digest-flag")		\
	X(HDGST, "header-digest")	X(DDGST, "data-digest")			\
	X(IC_PFV, "icresp-pfv")		X(IC_CPDA, "icresp-cpda")		\
	X(IC_DGST, "icresp-dgst")	X(IC_MAXH2CDATA, "icresp-maxh2cdata")	\
	X(CID, "cid-unknown")		X(CQE_SQHD, "cqe-sqhd")			\
	X(CQE_SQID, "cqe-sqid")		X(CQE_PHASE, "cqe-phase")		\
	X(DATA_DIRECTION, "c2hdata-direction")	X(DATA_OFFSET, "c2hdata-offset")	\
	X(DATA_LENGTH, "c2hdata-length")	X(DATA_LAST, "c2hdata-last")	\
	X(DATA_SUCCESS, "c2hdata-success")	X(DATA_SHORT, "c2hdata-short")	\
	X(R2T_DIRECTION, "r2t-direction")	X(R2T_OFFSET, "r2t-offset")	\
	X(R2T_LENGTH, "r2t-length")	X(R2T_LIMIT, "r2t-limit")		\
	X(R2T_TTAG, "r2t-ttag")		X(RESP_EARLY, "response-early")		\
	X(CQE_RESERVED, "cqe-reserved")	X(TERM_FES, "termreq-fes")	\
	X(CONTROLLER, "controller")

enum host_fault {
#define X(name, text) HOST_##name,
	HOST_FAULTS(X)
#undef X
	HOST_FAULT_MAX
};

extern const char *const host_fault_name[HOST_FAULT_MAX];

struct host_error {
	enum host_fault	 fault;
	uint16_t	 fes;			/* of a C2HTermReq */
	uint32_t	 fei;
	char		 text[200];
};

/* What the host asks for. Strings stay the caller's. Numbers are as on the wire or have a unit. */
struct host_opts {
	const char	*addr, *port, *subnqn, *hostnqn;
	const char	*source;		/* numeric address to come from, or NULL */
	uint8_t		 hostid[16];
	bool		 hdgst, ddgst;		/* ask for digests; being denied one is an error */
	bool		 no_sqflow;
	uint16_t	 pfv;
	uint8_t		 hpda;			/* dwords, 0's based */
	uint32_t	 maxr2t;		/* 0's based */
	uint32_t	 kato_ms;
	bool		 trickle;		/* send byte by byte */
	unsigned	 queues;		/* I/O queues, 1's based */
	unsigned	 depth;			/* entries of an I/O queue, 1's based */
	int		 timeout_ms;		/* of everything synchronous */
};

void	host_opts_default(struct host_opts *);

/* conn.c: one TCP connection and its greeting. stream.c: whole PDUs in and out. */
#define HOST_TX_SLOTS	128
#define HOST_HDR_MAX	152			/* 76 aligned to (CPDA + 1) * 4, CPDA up to 31 */

/* Data of a PDU is sent from where it lies: it must stay until *unsent is 0 again. */
struct host_tx {
	uint8_t		 hdr[HOST_HDR_MAX];
	const uint8_t	*data;
	uint32_t	 hdr_len, data_len;
	uint8_t		 ddgst[4];
	uint32_t	 ddgst_len;
	unsigned	*unsent;
};

/* What the layer above does with a PDU. header() says in rx_data where its data goes, or fails. */
struct host_conn_ops {
	int	(*header)(struct host_conn *, const uint8_t *hdr);
	int	(*end)(struct host_conn *, const uint8_t *hdr);
};

enum host_rx_state { RX_COMMON, RX_HEADER, RX_DATA, RX_DIGEST };

struct host_conn {
	int		 fd;
	bool		 ready;			/* ICResp has come */
	bool		 hdgst, ddgst;		/* agreed */
	uint8_t		 hpda, cpda;		/* dwords, 0's based */
	uint8_t		 asked_dgst;
	bool		 trickle;
	uint32_t	 maxr2t;		/* 1's based */
	uint32_t	 maxh2cdata;
	int		 timeout_ms;
	struct host_error error;
	const struct host_conn_ops *ops;

	struct host_tx	 tx[HOST_TX_SLOTS];
	unsigned	 tx_first, tx_count;
	size_t		 tx_done;		/* bytes of the first slot that have left */

	uint8_t		 rx[65536];
	size_t		 rx_head, rx_tail;
	enum host_rx_state rx_state;
	uint8_t		 rx_hdr[256];
	uint32_t	 rx_hdr_len;		/* up to the data */
	uint32_t	 rx_len, rx_got;	/* data of this PDU */
	uint8_t		*rx_data;
	bool		 rx_digest;		/* a data digest follows */
	uint8_t		 term[128];		/* data of a C2HTermReq: our PDU in error */
};

int	 host_conn_open(struct host_conn *, const struct host_opts *);
void	 host_conn_attach(struct host_conn *, const struct host_opts *, int fd);
void	 host_conn_close(struct host_conn *);
void	 host_icreq_fill(const struct host_opts *, uint8_t *pdu);
int	 host_conn_greet(struct host_conn *, const struct host_opts *);
int	 host_conn_fail(struct host_conn *, enum host_fault, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
struct host_tx *host_conn_slot(struct host_conn *);
void	 host_conn_queue(struct host_conn *, struct host_tx *, uint32_t hlen, const void *,
	    uint32_t len);
int	 host_conn_send(struct host_conn *);
int	 host_conn_receive(struct host_conn *);
int	 host_conn_lost(struct host_conn *);
int	 host_conn_wait(struct host_conn *, int timeout_ms);
int	 host_conn_raw_send(struct host_conn *, const void *, size_t);
ssize_t	 host_conn_raw_receive(struct host_conn *, void *, size_t, int timeout_ms);
uint32_t host_crc32c(const void *, size_t);
int64_t	 host_now_ms(void);

/* check.c: is this PDU what the specification permits? Fails the connection by name if not. */
int	 host_check_common(struct host_conn *, const uint8_t *ch);
int	 host_check_header(struct host_conn *, const uint8_t *hdr);
int	 host_check_icresp(struct host_conn *, const uint8_t *hdr);
int	 host_check_termreq(struct host_conn *, const uint8_t *hdr);

/* queue.c: commands in flight, answers judged and completed. xfer.c: their data. */
enum host_dir { HOST_NODATA, HOST_TO_TARGET, HOST_FROM_TARGET };

enum {
	HOST_F_NO_ICD = 1,	/* data by R2T even if it would fit into the capsule */
	HOST_F_SHORT = 2,	/* the target may transfer less than len */
	HOST_F_SGL = 4,		/* flags and SGL of the sqe are the caller's; so is in_capsule */
	HOST_F_IN_CAPSULE = 8,	/* with HOST_F_SGL: send the data in the capsule */
	HOST_F_HOLD = 16,	/* R2Ts are remembered, not answered: the caller will */
};

enum { HOST_R2TS = 16 };

struct host_r2t { uint16_t ttag; uint32_t offset, len, done; };

/* One command. It and its buffer are the queue's from submit to done(), which may submit anew. */
struct host_cmd {
	uint8_t		 sqe[64];
	void		*buf;
	uint32_t	 len;
	enum host_dir	 dir;
	unsigned	 flags;
	void		(*done)(struct host_queue *, struct host_cmd *);	/* or NULL */
	void		*arg;

	bool		 complete;
	uint16_t	 status;		/* SCT, SC, More, DNR: no phase bit; 0: success */
	uint32_t	 dw0, dw1;
	uint16_t	 sqhd;
	uint32_t	 received;		/* bytes that came, in order */

	uint16_t	 cid;
	bool		 last;			/* LAST_PDU was seen */
	unsigned	 unsent;		/* PDUs that still point into buf */
	uint32_t	 requested;		/* bytes that R2Ts asked for, in order */
	struct host_r2t	 r2t[HOST_R2TS];
	unsigned	 r2t_first, r2t_count;
	struct host_cmd	*xfer_next;
};

/* A refusal of Connect: the status, and where Invalid Parameters points (iattr 1: the data). */
struct host_refusal { uint16_t status; uint8_t iattr; uint16_t ipo; };

struct host_queue {
	struct host_conn conn;			/* must be first */
	uint16_t	 qid, cntlid;
	uint32_t	 size;			/* entries, 1's based */
	bool		 sqflow;
	bool		 connected;		/* Connect has succeeded */
	uint32_t	 icd_max;		/* bytes of in-capsule data */
	uint32_t	 sqhd, sqtail;
	unsigned	 inflight;
	uint64_t	 answers;		/* completed commands */
	struct host_cmd	**cmd;			/* by slot: cid % size */
	uint16_t	*generation;
	uint16_t	*free_slot;
	unsigned	 nfree;
	struct host_cmd	*xfer_first, *xfer_last;
	struct host_refusal refusal;
};

struct host_queue *host_queue_new(uint16_t qid, uint32_t size, const struct host_opts *);
void	 host_queue_free(struct host_queue *);
int	 host_queue_dial(struct host_queue *, const struct host_opts *);
int	 host_queue_open(struct host_queue *, const struct host_opts *);
void	 host_queue_attach(struct host_queue *, const struct host_opts *, int fd);
bool	 host_queue_may_submit(struct host_queue *);
int	 host_queue_submit(struct host_queue *, struct host_cmd *);
int	 host_queue_poll(struct host_queue *);
int	 host_queue_wait(struct host_queue **, unsigned n, int timeout_ms);
int	 host_queue_exec(struct host_queue *, struct host_cmd *);
struct host_cmd *host_queue_find(struct host_queue *, uint16_t cid);
void	 host_queue_complete(struct host_queue *, struct host_cmd *);
int	 host_xfer_r2t(struct host_queue *, const uint8_t *hdr);
int	 host_xfer_c2hdata(struct host_queue *, const uint8_t *hdr);
int	 host_xfer_c2hdata_end(struct host_queue *, const uint8_t *hdr);
void	 host_xfer_pump(struct host_queue *);

/* connect.c: the Connect command, with every field open to change. */
struct host_connect {
	struct host_cmd	 cmd;
	uint8_t		 data[1024];
};

void	 host_connect_fill(struct host_connect *, const struct host_queue *,
	    const struct host_opts *, uint16_t cntlid);
int	 host_connect_send(struct host_queue *, struct host_connect *);
int	 host_connect(struct host_queue *, const struct host_opts *, uint16_t cntlid);
int	 host_disconnect(struct host_queue *);

/* ctrl.c: a controller: admin queue, properties, enabling and shutting down, I/O queues. */
struct host_ctrl {
	struct host_opts opts;
	struct host_error error;		/* copied from the queue that failed */
	struct host_refusal refusal;
	struct host_queue *admin;
	struct host_queue **io;
	unsigned	 nio;
	uint16_t	 cntlid;
	uint64_t	 cap;
	uint32_t	 vs;
	uint8_t		 identify[4096];	/* CNS 01h */
	uint32_t	 mdts;			/* bytes; UINT32_MAX: no limit */
	int64_t		 kato_last;		/* ms, when the last Keep Alive left */
	struct host_cmd	 kato_cmd;
	bool		 kato_busy;
};

int	 host_ctrl_open(struct host_ctrl *, const struct host_opts *);
int	 host_ctrl_connect(struct host_ctrl *, const struct host_opts *);
int	 host_ctrl_enable(struct host_ctrl *);
int	 host_ctrl_ask_queues(struct host_ctrl *);
int	 host_ctrl_open_io(struct host_ctrl *);
struct host_queue *host_ctrl_add_queue(struct host_ctrl *, uint16_t qid);
int	 host_ctrl_shutdown(struct host_ctrl *);
int	 host_ctrl_keep_alive(struct host_ctrl *);
void	 host_ctrl_close(struct host_ctrl *);
int	 host_ctrl_fail(struct host_ctrl *, const struct host_queue *);
int	 host_prop_get(struct host_queue *, uint32_t ofst, unsigned size, uint64_t *);
int	 host_prop_set(struct host_queue *, uint32_t ofst, unsigned size, uint64_t);

/* command.c: one sqe each, to submit or to execute. */
void	 host_fill(struct host_cmd *, uint8_t opc, uint32_t nsid, enum host_dir, void *,
	    uint32_t len);
void	 host_fill_identify(struct host_cmd *, uint8_t cns, uint32_t nsid, void *, uint32_t len);
void	 host_fill_log(struct host_cmd *, uint8_t lid, uint64_t offset, void *, uint32_t len);
void	 host_fill_get_feature(struct host_cmd *, uint8_t fid);
void	 host_fill_set_feature(struct host_cmd *, uint8_t fid, uint32_t cdw11);
void	 host_fill_abort(struct host_cmd *, uint16_t sqid, uint16_t cid);
void	 host_fill_read(struct host_cmd *, uint32_t nsid, uint64_t lba, uint32_t nlb, void *,
	    uint32_t len);
void	 host_fill_write(struct host_cmd *, uint32_t nsid, uint64_t lba, uint32_t nlb, void *,
	    uint32_t len);
void	 host_fill_flush(struct host_cmd *, uint32_t nsid);
void	 host_fill_zeroes(struct host_cmd *, uint32_t nsid, uint64_t lba, uint32_t nlb);
void	 host_fill_deallocate(struct host_cmd *, uint32_t nsid, void *ranges, unsigned n);
void	 host_dsm_range(void *ranges, unsigned i, uint64_t lba, uint32_t nlb);
void	 host_fill_compare(struct host_cmd *, uint32_t nsid, uint64_t lba, uint32_t nlb, void *,
	    uint32_t len);
void	 host_fill_verify(struct host_cmd *, uint32_t nsid, uint64_t lba, uint32_t nlb);
/* ranges: n times 32 bytes, filled by host_copy_range(); format: of the descriptors. */
void	 host_fill_copy(struct host_cmd *, uint32_t nsid, uint64_t to, void *ranges, unsigned n,
	    unsigned format);
void	 host_copy_range(void *ranges, unsigned i, uint32_t snsid, uint64_t lba, uint32_t nlb);
int	 host_run(struct host_queue *, struct host_cmd *);
const char *host_status_name(uint16_t status);

/* ns.c: what the host needs to know of a namespace. */
struct host_ns { uint32_t nsid; uint64_t nlbas; uint32_t block; };

int	 host_ns_open(struct host_queue *admin, uint32_t nsid, struct host_ns *);
int	 host_ns_list(struct host_queue *admin, uint32_t after, uint32_t *nsids);

/* pattern.c: blocks that know where they belong: LBA, seed, generation, noise, CRC32C. */
void	 host_pattern_fill(uint8_t *, uint32_t block, uint64_t lba, uint64_t seed,
	    uint32_t generation);
bool	 host_pattern_check(const uint8_t *, uint32_t block, uint64_t lba, uint64_t seed,
	    uint32_t generation, char *why, size_t size);

/* load.c: keep several queues busy at depth from one thread. */
struct host_job {
	struct host_cmd	 cmd;			/* must be first */
	struct host_load *load;
	uint8_t		*buf;
	uint64_t	 lba;
	uint32_t	 nlb;
	bool		 idle;
};

/* next(): fill the command; false: nothing to do now. check(): judge the answer; -1: end it. */
struct host_load {
	struct host_ctrl *ctrl;
	struct host_ns	 ns;
	uint32_t	 max;			/* bytes of a job's buffer */
	bool		(*next)(struct host_load *, struct host_job *);
	int		(*check)(struct host_load *, struct host_job *);
	void		*arg;
	struct host_job	*job;
	unsigned	 njobs, busy;
	uint64_t	 reads, writes, bytes;
	int		 failed;
	struct host_error error;
};

int	 host_load_open(struct host_load *, struct host_ctrl *, uint32_t nsid, uint32_t max);
int	 host_load_run(struct host_load *);
int	 host_load_fail(struct host_load *, enum host_fault, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
int	 host_load_check(struct host_load *, const struct host_job *, uint64_t seed,
	    const uint32_t *generation);
void	 host_load_close(struct host_load *);

#endif
