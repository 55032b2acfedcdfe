class VendorCalls:
    pass
