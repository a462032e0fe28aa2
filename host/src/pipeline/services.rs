//! What plugins reach outside their sandbox through. The plugin host has checked the grants before
//! it calls here; this file does the work and keeps it inside the service's folder.
