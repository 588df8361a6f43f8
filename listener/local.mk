# listener
