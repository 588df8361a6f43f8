/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What our headers and libnvme's both define: structures, members, numbers, as pairs of names. The
 * two cannot be included together, so layouts_ours.c and layouts_theirs.c each make a table of one
 * side of the pairs, and layouts.c compares them.
 *
 * S: a structure and its size. F: a member, its offset and size. C: a number.
 */
#ifndef TESTS_UNIT_LAYOUTS_H
#define TESTS_UNIT_LAYOUTS_H

#include <stddef.h>
#include <stdint.h>

#define ID_CTRL(F, f) F(nvme_id_ctrl, f, nvme_id_ctrl, f)
#define ID_NS(F, f) F(nvme_id_ns, f, nvme_id_ns, f)
#define ENTRY(F, f) F(nvmf_discovery_entry, f, nvmf_disc_log_entry, f)

#define LAYOUT_STRUCTS(S, F)							\
	S(nvmf_connect_data, nvmf_connect_data)					\
	F(nvmf_connect_data, hostid, nvmf_connect_data, hostid)			\
	F(nvmf_connect_data, cntlid, nvmf_connect_data, cntlid)			\
	F(nvmf_connect_data, subnqn, nvmf_connect_data, subsysnqn)		\
	F(nvmf_connect_data, hostnqn, nvmf_connect_data, hostnqn)		\
	S(nvme_power_state, nvme_id_psd)					\
	F(nvme_power_state, mp, nvme_id_psd, mp)				\
	F(nvme_power_state, enlat, nvme_id_psd, enlat)				\
	F(nvme_power_state, exlat, nvme_id_psd, exlat)				\
	F(nvme_power_state, rrt, nvme_id_psd, rrt)				\
	F(nvme_power_state, rwl, nvme_id_psd, rwl)				\
	S(nvme_id_ctrl, nvme_id_ctrl)						\
	ID_CTRL(F, vid) ID_CTRL(F, ssvid) ID_CTRL(F, sn) ID_CTRL(F, mn) ID_CTRL(F, fr)	\
	ID_CTRL(F, rab) ID_CTRL(F, ieee) ID_CTRL(F, cmic) ID_CTRL(F, mdts) ID_CTRL(F, cntlid)	\
	ID_CTRL(F, ver) ID_CTRL(F, rtd3r) ID_CTRL(F, rtd3e) ID_CTRL(F, oaes) ID_CTRL(F, ctratt)	\
	ID_CTRL(F, rrls) ID_CTRL(F, cntrltype) ID_CTRL(F, fguid) ID_CTRL(F, crdt1)	\
	ID_CTRL(F, crdt2) ID_CTRL(F, crdt3) ID_CTRL(F, nvmsr) ID_CTRL(F, vwci) ID_CTRL(F, mec)	\
	ID_CTRL(F, oacs) ID_CTRL(F, acl) ID_CTRL(F, aerl) ID_CTRL(F, frmw) ID_CTRL(F, lpa)	\
	ID_CTRL(F, elpe) ID_CTRL(F, npss) ID_CTRL(F, avscc) ID_CTRL(F, apsta)	\
	ID_CTRL(F, wctemp) ID_CTRL(F, cctemp) ID_CTRL(F, mtfa) ID_CTRL(F, hmpre)	\
	ID_CTRL(F, hmmin) ID_CTRL(F, tnvmcap) ID_CTRL(F, unvmcap) ID_CTRL(F, rpmbs)	\
	ID_CTRL(F, edstt) ID_CTRL(F, dsto) ID_CTRL(F, fwug) ID_CTRL(F, kas) ID_CTRL(F, hctma)	\
	ID_CTRL(F, mntmt) ID_CTRL(F, mxtmt) ID_CTRL(F, sanicap) ID_CTRL(F, hmminds)	\
	ID_CTRL(F, hmmaxd) ID_CTRL(F, nsetidmax) ID_CTRL(F, endgidmax) ID_CTRL(F, anatt)	\
	ID_CTRL(F, anacap) ID_CTRL(F, anagrpmax) ID_CTRL(F, nanagrpid) ID_CTRL(F, pels)	\
	ID_CTRL(F, domainid) ID_CTRL(F, megcap) ID_CTRL(F, sqes) ID_CTRL(F, cqes)	\
	ID_CTRL(F, maxcmd) ID_CTRL(F, nn) ID_CTRL(F, oncs) ID_CTRL(F, fuses) ID_CTRL(F, fna)	\
	ID_CTRL(F, vwc) ID_CTRL(F, awun) ID_CTRL(F, awupf) ID_CTRL(F, icsvscc)	\
	ID_CTRL(F, nwpc) ID_CTRL(F, acwu) ID_CTRL(F, ocfs) ID_CTRL(F, sgls) ID_CTRL(F, mnan)	\
	ID_CTRL(F, maxdna) ID_CTRL(F, maxcna) ID_CTRL(F, subnqn) ID_CTRL(F, ioccsz)	\
	ID_CTRL(F, iorcsz) ID_CTRL(F, icdoff) ID_CTRL(F, fcatt) ID_CTRL(F, msdbd)	\
	ID_CTRL(F, ofcs) ID_CTRL(F, psd)					\
	F(nvme_id_ctrl, vendor, nvme_id_ctrl, vs)				\
	S(nvme_lbaf, nvme_lbaf)							\
	F(nvme_lbaf, ms, nvme_lbaf, ms)						\
	F(nvme_lbaf, lbads, nvme_lbaf, ds)					\
	F(nvme_lbaf, rp, nvme_lbaf, rp)						\
	S(nvme_id_ns, nvme_id_ns)						\
	ID_NS(F, nsze) ID_NS(F, ncap) ID_NS(F, nuse) ID_NS(F, nsfeat) ID_NS(F, nlbaf)	\
	ID_NS(F, flbas) ID_NS(F, mc) ID_NS(F, dpc) ID_NS(F, dps) ID_NS(F, nmic)	\
	ID_NS(F, rescap) ID_NS(F, fpi) ID_NS(F, dlfeat) ID_NS(F, nawun) ID_NS(F, nawupf)	\
	ID_NS(F, nacwu) ID_NS(F, nabsn) ID_NS(F, nabo) ID_NS(F, nabspf) ID_NS(F, noiob) ID_NS(F, nvmcap)	\
	ID_NS(F, npwg) ID_NS(F, npwa) ID_NS(F, npdg) ID_NS(F, npda) ID_NS(F, nows)	\
	ID_NS(F, mssrl) ID_NS(F, mcl) ID_NS(F, msrc) ID_NS(F, anagrpid) ID_NS(F, nsattr)	\
	ID_NS(F, nvmsetid) ID_NS(F, endgid) ID_NS(F, nguid) ID_NS(F, eui64) ID_NS(F, lbaf)	\
	S(nvme_ns_desc, nvme_ns_id_desc)					\
	F(nvme_ns_desc, nidt, nvme_ns_id_desc, nidt)				\
	F(nvme_ns_desc, nidl, nvme_ns_id_desc, nidl)				\
	S(nvme_id_ctrl_nvm, nvme_id_ctrl_nvm)					\
	F(nvme_id_ctrl_nvm, vsl, nvme_id_ctrl_nvm, vsl)				\
	F(nvme_id_ctrl_nvm, wzsl, nvme_id_ctrl_nvm, wzsl)			\
	F(nvme_id_ctrl_nvm, wusl, nvme_id_ctrl_nvm, wusl)			\
	F(nvme_id_ctrl_nvm, dmrl, nvme_id_ctrl_nvm, dmrl)			\
	F(nvme_id_ctrl_nvm, dmrsl, nvme_id_ctrl_nvm, dmrsl)			\
	F(nvme_id_ctrl_nvm, dmsl, nvme_id_ctrl_nvm, dmsl)			\
	S(nvme_id_ns_nvm, nvme_nvm_id_ns)					\
	F(nvme_id_ns_nvm, lbstm, nvme_nvm_id_ns, lbstm)				\
	F(nvme_id_ns_nvm, pic, nvme_nvm_id_ns, pic)				\
	F(nvme_id_ns_nvm, elbaf, nvme_nvm_id_ns, elbaf)				\
	S(nvme_id_ns_independent, nvme_id_independent_id_ns)			\
	F(nvme_id_ns_independent, nsfeat, nvme_id_independent_id_ns, nsfeat)	\
	F(nvme_id_ns_independent, nmic, nvme_id_independent_id_ns, nmic)	\
	F(nvme_id_ns_independent, rescap, nvme_id_independent_id_ns, rescap)	\
	F(nvme_id_ns_independent, fpi, nvme_id_independent_id_ns, fpi)		\
	F(nvme_id_ns_independent, anagrpid, nvme_id_independent_id_ns, anagrpid)	\
	F(nvme_id_ns_independent, nsattr, nvme_id_independent_id_ns, nsattr)	\
	F(nvme_id_ns_independent, nvmsetid, nvme_id_independent_id_ns, nvmsetid)	\
	F(nvme_id_ns_independent, endgid, nvme_id_independent_id_ns, endgid)	\
	F(nvme_id_ns_independent, nstat, nvme_id_independent_id_ns, nstat)	\
	S(nvme_ns_list, nvme_ns_list)						\
	S(nvme_ctrl_list, nvme_ctrl_list)					\
	F(nvme_ctrl_list, num, nvme_ctrl_list, num)				\
	F(nvme_ctrl_list, id, nvme_ctrl_list, identifier)			\
	S(nvme_error_entry, nvme_error_log_page)				\
	F(nvme_error_entry, error_count, nvme_error_log_page, error_count)	\
	F(nvme_error_entry, sqid, nvme_error_log_page, sqid)			\
	F(nvme_error_entry, cid, nvme_error_log_page, cmdid)			\
	F(nvme_error_entry, status, nvme_error_log_page, status_field)		\
	F(nvme_error_entry, parameter_location, nvme_error_log_page, parm_error_location)	\
	F(nvme_error_entry, lba, nvme_error_log_page, lba)			\
	F(nvme_error_entry, nsid, nvme_error_log_page, nsid)			\
	F(nvme_error_entry, vendor_info, nvme_error_log_page, vs)		\
	F(nvme_error_entry, trtype, nvme_error_log_page, trtype)		\
	F(nvme_error_entry, command_info, nvme_error_log_page, cs)		\
	F(nvme_error_entry, trtype_info, nvme_error_log_page, trtype_spec_info)	\
	S(nvme_smart_log, nvme_smart_log)					\
	F(nvme_smart_log, critical_warning, nvme_smart_log, critical_warning)	\
	F(nvme_smart_log, composite_temperature, nvme_smart_log, temperature)	\
	F(nvme_smart_log, available_spare, nvme_smart_log, avail_spare)		\
	F(nvme_smart_log, available_spare_threshold, nvme_smart_log, spare_thresh)	\
	F(nvme_smart_log, percentage_used, nvme_smart_log, percent_used)	\
	F(nvme_smart_log, endurance_group_warning, nvme_smart_log, endu_grp_crit_warn_sumry)	\
	F(nvme_smart_log, data_units_read, nvme_smart_log, data_units_read)	\
	F(nvme_smart_log, data_units_written, nvme_smart_log, data_units_written)	\
	F(nvme_smart_log, host_read_commands, nvme_smart_log, host_reads)	\
	F(nvme_smart_log, host_write_commands, nvme_smart_log, host_writes)	\
	F(nvme_smart_log, controller_busy_time, nvme_smart_log, ctrl_busy_time)	\
	F(nvme_smart_log, power_cycles, nvme_smart_log, power_cycles)		\
	F(nvme_smart_log, power_on_hours, nvme_smart_log, power_on_hours)	\
	F(nvme_smart_log, unsafe_shutdowns, nvme_smart_log, unsafe_shutdowns)	\
	F(nvme_smart_log, media_errors, nvme_smart_log, media_errors)		\
	F(nvme_smart_log, error_log_entries, nvme_smart_log, num_err_log_entries)	\
	F(nvme_smart_log, warning_temperature_time, nvme_smart_log, warning_temp_time)	\
	F(nvme_smart_log, critical_temperature_time, nvme_smart_log, critical_comp_time)	\
	F(nvme_smart_log, temperature_sensor, nvme_smart_log, temp_sensor)	\
	F(nvme_smart_log, tmt1_count, nvme_smart_log, thm_temp1_trans_count)	\
	F(nvme_smart_log, tmt2_time, nvme_smart_log, thm_temp2_total_time)	\
	S(nvme_fw_slot_log, nvme_firmware_slot)					\
	F(nvme_fw_slot_log, afi, nvme_firmware_slot, afi)			\
	F(nvme_fw_slot_log, frs, nvme_firmware_slot, frs)			\
	S(nvme_effects_log, nvme_cmd_effects_log)				\
	F(nvme_effects_log, admin, nvme_cmd_effects_log, acs)			\
	F(nvme_effects_log, io, nvme_cmd_effects_log, iocs)			\
	S(nvmf_discovery_header, nvmf_discovery_log)				\
	F(nvmf_discovery_header, genctr, nvmf_discovery_log, genctr)		\
	F(nvmf_discovery_header, numrec, nvmf_discovery_log, numrec)		\
	F(nvmf_discovery_header, recfmt, nvmf_discovery_log, recfmt)		\
	S(nvmf_discovery_entry, nvmf_disc_log_entry)				\
	ENTRY(F, trtype) ENTRY(F, adrfam) ENTRY(F, subtype) ENTRY(F, treq) ENTRY(F, portid)	\
	ENTRY(F, cntlid) ENTRY(F, asqsz) ENTRY(F, eflags) ENTRY(F, trsvcid) ENTRY(F, subnqn)	\
	ENTRY(F, traddr) ENTRY(F, tsas)						\
	S(nvme_dsm_range, nvme_dsm_range)					\
	F(nvme_dsm_range, cattr, nvme_dsm_range, cattr)				\
	F(nvme_dsm_range, nlb, nvme_dsm_range, nlb)				\
	F(nvme_dsm_range, slba, nvme_dsm_range, slba)				\
	F(nvme_resv_report, gen, nvme_resv_status, gen)				\
	F(nvme_resv_report, rtype, nvme_resv_status, rtype)			\
	F(nvme_resv_report, regstrnt, nvme_resv_status, regctl)			\
	F(nvme_resv_report, ptpls, nvme_resv_status, ptpls)			\
	S(nvme_resv_registrant, nvme_registered_ctrl_ext)			\
	F(nvme_resv_registrant, cntlid, nvme_registered_ctrl_ext, cntlid)	\
	F(nvme_resv_registrant, rcsts, nvme_registered_ctrl_ext, rcsts)		\
	F(nvme_resv_registrant, rkey, nvme_registered_ctrl_ext, rkey)		\
	F(nvme_resv_registrant, hostid, nvme_registered_ctrl_ext, hostid)	\
	S(nvme_resv_log, nvme_resv_notification_log)				\
	F(nvme_resv_log, lpc, nvme_resv_notification_log, lpc)			\
	F(nvme_resv_log, rnlpt, nvme_resv_notification_log, rnlpt)		\
	F(nvme_resv_log, nalp, nvme_resv_notification_log, nalp)		\
	F(nvme_resv_log, nsid, nvme_resv_notification_log, nsid)		\
	S(nvme_copy_range, nvme_copy_range)					\
	F(nvme_copy_range, slba, nvme_copy_range, slba)				\
	F(nvme_copy_range, nlb0, nvme_copy_range, nlb)				\
	F(nvme_copy_range, elbt, nvme_copy_range, eilbrt)			\
	S(nvme_host_behavior, nvme_feat_host_behavior)				\
	F(nvme_host_behavior, acre, nvme_feat_host_behavior, acre)		\
	S(nvme_io_command_sets, nvme_id_iocs)

/* SC with its SCT before it: libnvme has them apart. */
#define GENERIC(sc) (sc)
#define SPECIFIC(sc) (0x100 | (sc))
#define MEDIA(sc) (0x200 | (sc))
#define PATH(sc) (0x300 | (sc))

#define LAYOUT_STATUSES(C)							\
	C(NVME_SC_SUCCESS, NVME_SC_SUCCESS)					\
	C(NVME_SC_INVALID_OPCODE, NVME_SC_INVALID_OPCODE)			\
	C(NVME_SC_INVALID_FIELD, NVME_SC_INVALID_FIELD)				\
	C(NVME_SC_COMMAND_ID_CONFLICT, NVME_SC_CMDID_CONFLICT)			\
	C(NVME_SC_DATA_TRANSFER_ERROR, NVME_SC_DATA_XFER_ERROR)			\
	C(NVME_SC_POWER_LOSS_ABORT, NVME_SC_POWER_LOSS)				\
	C(NVME_SC_INTERNAL_DEVICE_ERROR, NVME_SC_INTERNAL)			\
	C(NVME_SC_ABORT_REQUESTED, NVME_SC_ABORT_REQ)				\
	C(NVME_SC_ABORTED_SQ_DELETION, NVME_SC_ABORT_QUEUE)			\
	C(NVME_SC_FAILED_FUSED, NVME_SC_FUSED_FAIL)				\
	C(NVME_SC_MISSING_FUSED, NVME_SC_FUSED_MISSING)				\
	C(NVME_SC_INVALID_NS_OR_FORMAT, NVME_SC_INVALID_NS)			\
	C(NVME_SC_COMMAND_SEQUENCE_ERROR, NVME_SC_CMD_SEQ_ERROR)		\
	C(NVME_SC_INVALID_SGL_SEGMENT, NVME_SC_SGL_INVALID_LAST)		\
	C(NVME_SC_INVALID_SGL_COUNT, NVME_SC_SGL_INVALID_COUNT)			\
	C(NVME_SC_DATA_SGL_LENGTH_INVALID, NVME_SC_SGL_INVALID_DATA)		\
	C(NVME_SC_METADATA_SGL_LENGTH_INVALID, NVME_SC_SGL_INVALID_METADATA)	\
	C(NVME_SC_SGL_DESCRIPTOR_TYPE_INVALID, NVME_SC_SGL_INVALID_TYPE)	\
	C(NVME_SC_PRP_OFFSET_INVALID, NVME_SC_PRP_INVALID_OFFSET)		\
	C(NVME_SC_ATOMIC_WRITE_UNIT_EXCEEDED, NVME_SC_AWU_EXCEEDED)		\
	C(NVME_SC_OPERATION_DENIED, NVME_SC_OP_DENIED)				\
	C(NVME_SC_SGL_OFFSET_INVALID, NVME_SC_SGL_INVALID_OFFSET)		\
	C(NVME_SC_HOST_ID_INCONSISTENT, NVME_SC_HOSTID_FORMAT)			\
	C(NVME_SC_KEEP_ALIVE_EXPIRED, NVME_SC_KAT_EXPIRED)			\
	C(NVME_SC_KEEP_ALIVE_INVALID, NVME_SC_KAT_INVALID)			\
	C(NVME_SC_PREEMPTED, NVME_SC_CMD_ABORTED_PREMEPT)			\
	C(NVME_SC_SANITIZE_FAILED, NVME_SC_SANITIZE_FAILED)			\
	C(NVME_SC_SANITIZE_IN_PROGRESS, NVME_SC_SANITIZE_IN_PROGRESS)		\
	C(NVME_SC_SGL_GRANULARITY_INVALID, NVME_SC_SGL_INVALID_GRANULARITY)	\
	C(NVME_SC_NS_WRITE_PROTECTED, NVME_SC_NS_WRITE_PROTECTED)		\
	C(NVME_SC_COMMAND_INTERRUPTED, NVME_SC_CMD_INTERRUPTED)			\
	C(NVME_SC_TRANSIENT_TRANSPORT_ERROR, NVME_SC_TRAN_TPORT_ERROR)		\
	C(NVME_SC_LBA_OUT_OF_RANGE, NVME_SC_LBA_RANGE)				\
	C(NVME_SC_CAPACITY_EXCEEDED, NVME_SC_CAP_EXCEEDED)			\
	C(NVME_SC_NS_NOT_READY, NVME_SC_NS_NOT_READY)				\
	C(NVME_SC_RESERVATION_CONFLICT, NVME_SC_RESERVATION_CONFLICT)		\
	C(NVME_SC_FORMAT_IN_PROGRESS, NVME_SC_FORMAT_IN_PROGRESS)		\
	C(NVME_SC_COMPLETION_QUEUE_INVALID, SPECIFIC(NVME_SC_CQ_INVALID))	\
	C(NVME_SC_INVALID_QUEUE_IDENTIFIER, SPECIFIC(NVME_SC_QID_INVALID))	\
	C(NVME_SC_INVALID_QUEUE_SIZE, SPECIFIC(NVME_SC_QUEUE_SIZE))		\
	C(NVME_SC_ABORT_LIMIT_EXCEEDED, SPECIFIC(NVME_SC_ABORT_LIMIT))		\
	C(NVME_SC_AER_LIMIT_EXCEEDED, SPECIFIC(NVME_SC_ASYNC_LIMIT))		\
	C(NVME_SC_INVALID_FW_SLOT, SPECIFIC(NVME_SC_FIRMWARE_SLOT))		\
	C(NVME_SC_INVALID_LOG_PAGE, SPECIFIC(NVME_SC_INVALID_LOG_PAGE))		\
	C(NVME_SC_INVALID_FORMAT, SPECIFIC(NVME_SC_INVALID_FORMAT))		\
	C(NVME_SC_FEATURE_NOT_SAVEABLE, SPECIFIC(NVME_SC_FEATURE_NOT_SAVEABLE))	\
	C(NVME_SC_FEATURE_NOT_CHANGEABLE, SPECIFIC(NVME_SC_FEATURE_NOT_CHANGEABLE))	\
	C(NVME_SC_FEATURE_NOT_NS_SPECIFIC, SPECIFIC(NVME_SC_FEATURE_NOT_PER_NS))	\
	C(NVME_SC_IO_COMMAND_SET_NOT_SUPPORTED, SPECIFIC(NVME_SC_IOCS_NOT_SUPPORTED))	\
	C(NVME_SC_NVM_CONFLICTING_ATTRIBUTES, SPECIFIC(NVME_SC_BAD_ATTRIBUTES))	\
	C(NVME_SC_NVM_INVALID_PROTECTION_INFO, SPECIFIC(NVME_SC_INVALID_PI))	\
	C(NVME_SC_NVM_WRITE_TO_READ_ONLY_RANGE, SPECIFIC(NVME_SC_READ_ONLY))	\
	C(NVME_SC_NVM_COMMAND_SIZE_LIMIT_EXCEEDED, SPECIFIC(NVME_SC_CMD_SIZE_LIMIT_EXCEEDED))	\
	C(NVME_SC_CONNECT_INCOMPATIBLE_FORMAT, SPECIFIC(NVME_SC_CONNECT_FORMAT))	\
	C(NVME_SC_CONNECT_CONTROLLER_BUSY, SPECIFIC(NVME_SC_CONNECT_CTRL_BUSY))	\
	C(NVME_SC_CONNECT_INVALID_PARAMETERS, SPECIFIC(NVME_SC_CONNECT_INVALID_PARAM))	\
	C(NVME_SC_CONNECT_RESTART_DISCOVERY, SPECIFIC(NVME_SC_CONNECT_RESTART_DISC))	\
	C(NVME_SC_CONNECT_INVALID_HOST, SPECIFIC(NVME_SC_CONNECT_INVALID_HOST))	\
	C(NVME_SC_INVALID_QUEUE_TYPE, SPECIFIC(NVME_SC_DISCONNECT_INVALID_QTYPE))	\
	C(NVME_SC_DISCOVER_RESTART, SPECIFIC(NVME_SC_DISCOVERY_RESTART))	\
	C(NVME_SC_AUTHENTICATION_REQUIRED, SPECIFIC(NVME_SC_AUTH_REQUIRED))	\
	C(NVME_SC_WRITE_FAULT, MEDIA(NVME_SC_WRITE_FAULT))			\
	C(NVME_SC_UNRECOVERED_READ_ERROR, MEDIA(NVME_SC_READ_ERROR))		\
	C(NVME_SC_COMPARE_FAILURE, MEDIA(NVME_SC_COMPARE_FAILED))		\
	C(NVME_SC_ACCESS_DENIED, MEDIA(NVME_SC_ACCESS_DENIED))			\
	C(NVME_SC_DEALLOCATED_BLOCK, MEDIA(NVME_SC_UNWRITTEN_BLOCK))		\
	C(NVME_SC_INTERNAL_PATH_ERROR, PATH(NVME_SC_ANA_INTERNAL_PATH_ERROR))	\
	C(NVME_SC_ANA_PERSISTENT_LOSS, PATH(NVME_SC_ANA_PERSISTENT_LOSS))	\
	C(NVME_SC_ANA_INACCESSIBLE, PATH(NVME_SC_ANA_INACCESSIBLE))		\
	C(NVME_SC_ANA_TRANSITION, PATH(NVME_SC_ANA_TRANSITION))			\
	C(NVME_SC_CONTROLLER_PATH_ERROR, PATH(NVME_SC_CTRL_PATH_ERROR))		\
	C(NVME_SC_HOST_PATH_ERROR, PATH(NVME_SC_HOST_PATH_ERROR))		\
	C(NVME_SC_CRD_MASK, NVME_SC_CRD)					\
	C(NVME_SC_MORE, NVME_SC_MORE)						\
	C(NVME_SC_DNR, NVME_SC_DNR)

#define LAYOUT_NUMBERS(C)							\
	C(NVME_ADMIN_DELETE_IO_SQ, nvme_admin_delete_sq)			\
	C(NVME_ADMIN_CREATE_IO_SQ, nvme_admin_create_sq)			\
	C(NVME_ADMIN_GET_LOG_PAGE, nvme_admin_get_log_page)			\
	C(NVME_ADMIN_DELETE_IO_CQ, nvme_admin_delete_cq)			\
	C(NVME_ADMIN_CREATE_IO_CQ, nvme_admin_create_cq)			\
	C(NVME_ADMIN_IDENTIFY, nvme_admin_identify)				\
	C(NVME_ADMIN_ABORT, nvme_admin_abort_cmd)				\
	C(NVME_ADMIN_SET_FEATURES, nvme_admin_set_features)			\
	C(NVME_ADMIN_GET_FEATURES, nvme_admin_get_features)			\
	C(NVME_ADMIN_ASYNC_EVENT_REQUEST, nvme_admin_async_event)		\
	C(NVME_ADMIN_NS_MANAGEMENT, nvme_admin_ns_mgmt)				\
	C(NVME_ADMIN_FW_COMMIT, nvme_admin_fw_commit)				\
	C(NVME_ADMIN_FW_IMAGE_DOWNLOAD, nvme_admin_fw_download)			\
	C(NVME_ADMIN_DEVICE_SELF_TEST, nvme_admin_dev_self_test)		\
	C(NVME_ADMIN_NS_ATTACHMENT, nvme_admin_ns_attach)			\
	C(NVME_ADMIN_KEEP_ALIVE, nvme_admin_keep_alive)				\
	C(NVME_ADMIN_DIRECTIVE_SEND, nvme_admin_directive_send)			\
	C(NVME_ADMIN_DIRECTIVE_RECEIVE, nvme_admin_directive_recv)		\
	C(NVME_ADMIN_FORMAT_NVM, nvme_admin_format_nvm)				\
	C(NVME_ADMIN_SECURITY_SEND, nvme_admin_security_send)			\
	C(NVME_ADMIN_SECURITY_RECEIVE, nvme_admin_security_recv)		\
	C(NVME_ADMIN_SANITIZE, nvme_admin_sanitize_nvm)				\
	C(NVME_OPC_FABRICS, nvme_admin_fabrics)					\
	C(NVME_NVM_FLUSH, nvme_cmd_flush)					\
	C(NVME_NVM_WRITE, nvme_cmd_write)					\
	C(NVME_NVM_READ, nvme_cmd_read)						\
	C(NVME_NVM_WRITE_UNCORRECTABLE, nvme_cmd_write_uncor)			\
	C(NVME_NVM_COMPARE, nvme_cmd_compare)					\
	C(NVME_NVM_WRITE_ZEROES, nvme_cmd_write_zeroes)				\
	C(NVME_NVM_DATASET_MANAGEMENT, nvme_cmd_dsm)				\
	C(NVME_NVM_VERIFY, nvme_cmd_verify)					\
	C(NVME_NVM_RESERVATION_REGISTER, nvme_cmd_resv_register)		\
	C(NVME_NVM_RESERVATION_REPORT, nvme_cmd_resv_report)			\
	C(NVME_NVM_RESERVATION_ACQUIRE, nvme_cmd_resv_acquire)			\
	C(NVME_NVM_RESERVATION_RELEASE, nvme_cmd_resv_release)			\
	C(NVME_NVM_COPY, nvme_cmd_copy)						\
	C(NVME_CNS_NS, NVME_IDENTIFY_CNS_NS)					\
	C(NVME_CNS_CTRL, NVME_IDENTIFY_CNS_CTRL)				\
	C(NVME_CNS_ACTIVE_NS_LIST, NVME_IDENTIFY_CNS_NS_ACTIVE_LIST)		\
	C(NVME_CNS_NS_DESC_LIST, NVME_IDENTIFY_CNS_NS_DESC_LIST)		\
	C(NVME_CNS_NVMSET_LIST, NVME_IDENTIFY_CNS_NVMSET_LIST)			\
	C(NVME_CNS_CSI_NS, NVME_IDENTIFY_CNS_CSI_NS)				\
	C(NVME_CNS_CSI_CTRL, NVME_IDENTIFY_CNS_CSI_CTRL)			\
	C(NVME_CNS_CSI_ACTIVE_NS_LIST, NVME_IDENTIFY_CNS_CSI_NS_ACTIVE_LIST)	\
	C(NVME_CNS_INDEPENDENT_NS, NVME_IDENTIFY_CNS_CSI_INDEPENDENT_ID_NS)	\
	C(NVME_CNS_ALLOCATED_NS_LIST, NVME_IDENTIFY_CNS_ALLOCATED_NS_LIST)	\
	C(NVME_CNS_ALLOCATED_NS, NVME_IDENTIFY_CNS_ALLOCATED_NS)		\
	C(NVME_CNS_NS_CTRL_LIST, NVME_IDENTIFY_CNS_NS_CTRL_LIST)		\
	C(NVME_CNS_CTRL_LIST, NVME_IDENTIFY_CNS_CTRL_LIST)			\
	C(NVME_CNS_PRIMARY_CTRL_CAP, NVME_IDENTIFY_CNS_PRIMARY_CTRL_CAP)	\
	C(NVME_CNS_SECONDARY_CTRL_LIST, NVME_IDENTIFY_CNS_SECONDARY_CTRL_LIST)	\
	C(NVME_CNS_UUID_LIST, NVME_IDENTIFY_CNS_UUID_LIST)			\
	C(NVME_CNS_IO_COMMAND_SETS, NVME_IDENTIFY_CNS_COMMAND_SET_STRUCTURE)	\
	C(NVME_CNS_DOMAIN_LIST, NVME_IDENTIFY_CNS_DOMAIN_LIST)			\
	C(NVME_CNS_ENDURANCE_GROUP_LIST, NVME_IDENTIFY_CNS_ENDURANCE_GROUP_ID)	\
	C(NVME_CSI_NVM, NVME_CSI_NVM)						\
	C(NVME_LID_MI_EFFECTS, NVME_LOG_LID_MI_CMD_SUPPORTED_EFFECTS)		\
	C(NVME_FID_SOFTWARE_PROGRESS, NVME_FEAT_FID_SW_PROGRESS)		\
	C(NVME_AER_TRANSIENT_INTERNAL_ERROR, NVME_AER_ERROR_TRANSIENT_INTERNAL_ERROR)	\
	C(NVME_AER_RELIABILITY, NVME_AER_SMART_SUBSYSTEM_RELIABILITY)		\
	C(NVME_LID_SUPPORTED_PAGES, NVME_LOG_LID_SUPPORTED_LOG_PAGES)		\
	C(NVME_LID_ERROR, NVME_LOG_LID_ERROR)					\
	C(NVME_LID_SMART, NVME_LOG_LID_SMART)					\
	C(NVME_LID_FW_SLOT, NVME_LOG_LID_FW_SLOT)				\
	C(NVME_LID_CHANGED_NS, NVME_LOG_LID_CHANGED_NS)				\
	C(NVME_LID_COMMANDS_EFFECTS, NVME_LOG_LID_CMD_EFFECTS)			\
	C(NVME_LID_DEVICE_SELF_TEST, NVME_LOG_LID_DEVICE_SELF_TEST)		\
	C(NVME_LID_ANA, NVME_LOG_LID_ANA)					\
	C(NVME_LID_FEATURE_EFFECTS, NVME_LOG_LID_FID_SUPPORTED_EFFECTS)		\
	C(NVME_LID_DISCOVERY, NVME_LOG_LID_DISCOVER)				\
	C(NVME_LID_RESERVATION, NVME_LOG_LID_RESERVATION)			\
	C(NVME_LID_SANITIZE, NVME_LOG_LID_SANITIZE)				\
	C(NVME_FID_ARBITRATION, NVME_FEAT_FID_ARBITRATION)			\
	C(NVME_FID_POWER_MANAGEMENT, NVME_FEAT_FID_POWER_MGMT)			\
	C(NVME_FID_TEMPERATURE_THRESHOLD, NVME_FEAT_FID_TEMP_THRESH)		\
	C(NVME_FID_ERROR_RECOVERY, NVME_FEAT_FID_ERR_RECOVERY)			\
	C(NVME_FID_VOLATILE_WRITE_CACHE, NVME_FEAT_FID_VOLATILE_WC)		\
	C(NVME_FID_NUMBER_OF_QUEUES, NVME_FEAT_FID_NUM_QUEUES)			\
	C(NVME_FID_INTERRUPT_COALESCING, NVME_FEAT_FID_IRQ_COALESCE)		\
	C(NVME_FID_INTERRUPT_VECTOR, NVME_FEAT_FID_IRQ_CONFIG)			\
	C(NVME_FID_WRITE_ATOMICITY, NVME_FEAT_FID_WRITE_ATOMIC)			\
	C(NVME_FID_ASYNC_EVENT_CONFIG, NVME_FEAT_FID_ASYNC_EVENT)		\
	C(NVME_FID_APST, NVME_FEAT_FID_AUTO_PST)				\
	C(NVME_FID_TIMESTAMP, NVME_FEAT_FID_TIMESTAMP)				\
	C(NVME_FID_KEEP_ALIVE_TIMER, NVME_FEAT_FID_KATO)			\
	C(NVME_FID_HOST_BEHAVIOR, NVME_FEAT_FID_HOST_BEHAVIOR)			\
	C(NVME_FID_HOST_IDENTIFIER, NVME_FEAT_FID_HOST_ID)			\
	C(NVME_FID_RESERVATION_MASK, NVME_FEAT_FID_RESV_MASK)			\
	C(NVME_FID_RESERVATION_PERSISTENCE, NVME_FEAT_FID_RESV_PERSIST)		\
	C(NVME_FID_NS_WRITE_PROTECTION, NVME_FEAT_FID_WRITE_PROTECT)		\
	C(NVME_FEATURE_CURRENT, NVME_GET_FEATURES_SEL_CURRENT)			\
	C(NVME_FEATURE_DEFAULT, NVME_GET_FEATURES_SEL_DEFAULT)			\
	C(NVME_FEATURE_SAVED, NVME_GET_FEATURES_SEL_SAVED)			\
	C(NVME_FEATURE_SUPPORTED, NVME_GET_FEATURES_SEL_SUPPORTED)		\
	C(NVME_PROP_CAP, NVME_REG_CAP)						\
	C(NVME_PROP_VS, NVME_REG_VS)						\
	C(NVME_PROP_CC, NVME_REG_CC)						\
	C(NVME_PROP_CSTS, NVME_REG_CSTS)					\
	C(NVME_PROP_NSSR, NVME_REG_NSSR)					\
	C(NVME_PROP_CRTO, NVME_REG_CRTO)					\
	C(NVME_AER_ERROR, NVME_AER_ERROR)					\
	C(NVME_AER_SMART, NVME_AER_SMART)					\
	C(NVME_AER_NOTICE, NVME_AER_NOTICE)					\
	C(NVME_AER_IO_COMMAND_SET, NVME_AER_CSS)				\
	C(NVME_AER_VENDOR, NVME_AER_VS)						\
	C(NVME_AER_NS_ATTRIBUTE_CHANGED, NVME_AER_NOTICE_NS_CHANGED)		\
	C(NVME_AER_FW_ACTIVATION, NVME_AER_NOTICE_FW_ACT_STARTING)		\
	C(NVME_AER_ANA_CHANGE, NVME_AER_NOTICE_ANA)				\
	C(NVME_AER_DISCOVERY_CHANGE, NVME_AER_NOTICE_DISC_CHANGED)		\
	C(NVME_AEC_NS_ATTRIBUTE, NVME_CTRL_OAES_NA)				\
	C(NVME_AEC_FW_ACTIVATION, NVME_CTRL_OAES_FA)				\
	C(NVME_AEC_ANA_CHANGE, NVME_CTRL_OAES_ANA)				\
	C(NVME_CMIC_MULTI_PORT, NVME_CTRL_CMIC_MULTI_PORT)			\
	C(NVME_CMIC_MULTI_CTRL, NVME_CTRL_CMIC_MULTI_CTRL)			\
	C(NVME_CMIC_ANA, NVME_CTRL_CMIC_MULTI_ANA_REPORTING)			\
	C(NVME_CTRATT_HOSTID128, NVME_CTRL_CTRATT_128_ID)			\
	C(NVME_CTRATT_TBKAS, NVME_CTRL_CTRATT_TBKAS)				\
	C(NVME_LPA_SMART_PER_NS, NVME_CTRL_LPA_SMART_PER_NS)			\
	C(NVME_LPA_EFFECTS, NVME_CTRL_LPA_CMD_EFFECTS)				\
	C(NVME_LPA_EXTENDED, NVME_CTRL_LPA_EXTENDED)				\
	C(NVME_ONCS_COMPARE, NVME_CTRL_ONCS_COMPARE)				\
	C(NVME_ONCS_DSM, NVME_CTRL_ONCS_DSM)					\
	C(NVME_ONCS_WRITE_ZEROES, NVME_CTRL_ONCS_WRITE_ZEROES)			\
	C(NVME_ONCS_SAVE, NVME_CTRL_ONCS_SAVE_FEATURES)				\
	C(NVME_ONCS_RESERVATIONS, NVME_CTRL_ONCS_RESERVATIONS)			\
	C(NVME_ONCS_VERIFY, NVME_CTRL_ONCS_VERIFY)				\
	C(NVME_FUSES_COMPARE_WRITE, NVME_CTRL_FUSES_COMPARE_AND_WRITE)		\
	C(NVME_VWC_PRESENT, NVME_CTRL_VWC_PRESENT)				\
	C(NVME_CNTRLTYPE_IO, NVME_CTRL_CNTRLTYPE_IO)				\
	C(NVME_CNTRLTYPE_DISCOVERY, NVME_CTRL_CNTRLTYPE_DISCOVERY)		\
	C(NVME_CNTRLTYPE_ADMIN, NVME_CTRL_CNTRLTYPE_ADMIN)			\
	C(NVME_OFCS_DISCONNECT, NVME_CTRL_OFCS_DISCONNECT)			\
	C(NVME_NWPC_WRITE_PROTECT, NVME_CTRL_NWPC_WRITE_PROTECT)		\
	C(NVME_WPS_NONE, NVME_FEAT_NS_NO_WRITE_PROTECT)				\
	C(NVME_WPS_WRITE_PROTECT, NVME_FEAT_NS_WRITE_PROTECT)			\
	C(NVME_NSFEAT_THIN, NVME_NS_FEAT_THIN)					\
	C(NVME_NSFEAT_NSABP, NVME_NS_FEAT_NATOMIC)				\
	C(NVME_NSFEAT_DAE, NVME_NS_FEAT_DULBE)					\
	C(NVME_NSFEAT_UIDREUSE, NVME_NS_FEAT_ID_REUSE)				\
	C(NVME_NSFEAT_OPTPERF, NVME_NS_FEAT_IO_OPT)				\
	C(NVME_NMIC_SHARED, NVME_NS_NMIC_SHARED)				\
	C(NVME_NSATTR_WRITE_PROTECTED, NVME_NS_NSATTR_WRITE_PROTECTED)		\
	C(NVME_NIDT_EUI64, NVME_NIDT_EUI64)					\
	C(NVME_NIDT_NGUID, NVME_NIDT_NGUID)					\
	C(NVME_NIDT_UUID, NVME_NIDT_UUID)					\
	C(NVME_NIDT_CSI, NVME_NIDT_CSI)						\
	C(NVME_EFFECTS_SUPPORTED, NVME_CMD_EFFECTS_CSUPP)			\
	C(NVME_EFFECTS_CONTENT_CHANGE, NVME_CMD_EFFECTS_LBCC)			\
	C(NVMF_TRTYPE_TCP, NVMF_TRTYPE_TCP)					\
	C(NVMF_ADRFAM_IPV4, NVMF_ADDR_FAMILY_IP4)				\
	C(NVMF_ADRFAM_IPV6, NVMF_ADDR_FAMILY_IP6)				\
	C(NVMF_SUBTYPE_REFERRAL, NVME_NQN_DISC)					\
	C(NVMF_SUBTYPE_NVM, NVME_NQN_NVME)					\
	C(NVMF_SUBTYPE_CURRENT, NVME_NQN_CURR)					\
	C(NVMF_TREQ_SECURE_UNSPECIFIED, NVMF_TREQ_NOT_SPECIFIED)		\
	C(NVMF_TREQ_SECURE_REQUIRED, NVMF_TREQ_REQUIRED)			\
	C(NVMF_TREQ_SECURE_NOT_REQUIRED, NVMF_TREQ_NOT_REQUIRED)		\
	C(NVMF_TREQ_SQFLOW_OFF, NVMF_TREQ_DISABLE_SQFLOW)			\
	C(NVMF_EFLAGS_DUPRETINFO, NVMF_DISC_EFLAGS_DUPRETINFO)			\
	C(NVMF_EFLAGS_EPCSD, NVMF_DISC_EFLAGS_EPCSD)

/* One thing of one side: a structure has no offset, a number no size. */
struct layout { const char *name; uint64_t value, size; };

extern const struct layout layouts_ours[], layouts_theirs[];
extern const size_t layouts_nours, layouts_ntheirs;

#endif
