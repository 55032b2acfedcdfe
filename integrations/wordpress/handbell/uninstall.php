<?php
/**
 * Removes the settings with the plugin.
 *
 * @package Handbell
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

delete_option( 'handbell' );
