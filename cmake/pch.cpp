// The precompiled header is built with this file and shared by every LibTorch target.
