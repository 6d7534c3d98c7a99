include $(sort $(wildcard $(BR2_EXTERNAL_MONITOR_PATH)/package/*/*.mk))
