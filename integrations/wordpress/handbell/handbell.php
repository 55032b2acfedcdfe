<?php
/**
 * Plugin Name:       Handbell
 * Description:       Lets visitors ask for remote support: a button on every page, a block and a shortcode.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * License:           Apache-2.0
 * License URI:       https://www.apache.org/licenses/LICENSE-2.0
 * Text Domain:       handbell
 *
 * @package Handbell
 */

namespace Handbell;

defined( 'ABSPATH' ) || exit;

const OPTION       = 'handbell';
const LONGEST_TEXT = 60; // Characters, as in the console's builder.

require __DIR__ . '/settings.php';

add_action( 'init', __NAMESPACE__ . '\\register' );
add_action( 'wp_footer', __NAMESPACE__ . '\\footer' );

/** Registers the shortcode and the block, which are drawn by one function. */
function register() {
	add_shortcode( 'handbell', __NAMESPACE__ . '\\shortcode' );
	register_block_type( __DIR__, array( 'render_callback' => __NAMESPACE__ . '\\block' ) );
}

/**
 * The plugin's settings.
 *
 * @return array{server: string, site: string, text: string, everywhere: bool, prefill: bool}
 */
function options() {
	$kept = get_option( OPTION );
	return array_merge( defaults(), is_array( $kept ) ? array_intersect_key( $kept, defaults() ) : array() );
}

/** The settings of a new installation. */
function defaults() {
	return array(
		'server'     => '',
		'site'       => 'default',
		'text'       => '',
		'everywhere' => false,
		'prefill'    => false,
	);
}

/**
 * `[handbell text="Get support" department="3" form="yes"]`
 *
 * @param array|string $given The attributes; WordPress passes an empty string when there are none.
 */
function shortcode( $given ) {
	$given = shortcode_atts(
		array(
			'text'       => '',
			'department' => '',
			'form'       => '',
		),
		$given,
		'handbell'
	);
	return show( $given['text'], $given['department'], in_array( strtolower( $given['form'] ), array( 'yes', 'true', '1' ), true ) );
}

/**
 * The block's HTML.
 *
 * @param array $given The block's attributes, as block.json declares them.
 */
function block( $given ) {
	$shown = show( $given['text'], $given['department'], $given['form'] );
	return '' === $shown ? '' : sprintf( '<div %s>%s</div>', get_block_wrapper_attributes(), $shown );
}

/**
 * The link that opens the form, or the form itself, at this place of the page. Without script the link leads to the
 * hosted page.
 *
 * @param string $text       The link's text; empty: the one of the settings.
 * @param string $department The id of a department that the site offers; anything else is left out.
 * @param bool   $form       Whether the form stands in the page. Only the first one of a page does.
 */
function show( $text, $department, $form ) {
	$options = options();
	if ( '' === $options['server'] ) {
		return current_user_can( 'manage_options' ) ? hint() : '';
	}
	$link = sprintf(
		'<a href="%s" data-handbell%s>%s</a>',
		esc_url( $options['server'] . '/s/' . $options['site'] ),
		ctype_digit( $department ) ? ' data-department="' . esc_attr( $department ) . '"' : '',
		esc_html( first_of( $text, $options['text'], __( 'Get support', 'handbell' ) ) )
	);
	if ( $form && ! script_is_there() ) {
		script_is_there( true );
		return script( 'inline', $department ) . '<noscript>' . $link . '</noscript>';
	}
	is_wanted( true );
	return $link;
}

/** Prints the script once: for the links of this page, or for the button on every page. */
function footer() {
	$options = options();
	if ( '' === $options['server'] || script_is_there() || ! ( $options['everywhere'] || is_wanted() ) ) {
		return;
	}
	// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- wp_get_script_tag escapes attributes.
	echo script( $options['everywhere'] ? 'button' : 'link' );
}

/**
 * The script element.
 *
 * @param string $mode       How the widget is shown: button, link or inline.
 * @param string $department The id of a department chosen beforehand.
 */
function script( $mode, $department = '' ) {
	$options    = options();
	$attributes = array(
		'async'     => true,
		'src'       => $options['server'] . '/widget.js?site=' . rawurlencode( $options['site'] ),
		'data-site' => $options['site'],
		'data-mode' => $mode,
	);
	if ( 'button' === $mode && '' !== $options['text'] ) {
		$attributes['data-text'] = $options['text'];
	}
	if ( ctype_digit( $department ) ) {
		$attributes['data-department'] = $department;
	}
	$user = wp_get_current_user();
	if ( $options['prefill'] && $user->exists() ) {
		$attributes['data-prefill'] = wp_json_encode(
			array(
				'name'  => $user->display_name,
				'email' => $user->user_email,
			)
		);
	}
	return wp_get_script_tag( $attributes );
}

/** Tells administrators what is missing; visitors see nothing. */
function hint() {
	return sprintf(
		'<a href="%s">%s</a>',
		esc_url( admin_url( 'options-general.php?page=handbell' ) ),
		esc_html__( 'Handbell: say where your Handbell is, in Settings. Only administrators see this line.', 'handbell' )
	);
}

/**
 * Whether a link on this page waits for the script.
 *
 * @param bool $now True to note that one does.
 */
function is_wanted( $now = false ) {
	static $wanted = false;
	$wanted        = $wanted || $now;
	return $wanted;
}

/**
 * Whether this page has the script already.
 *
 * @param bool $now True to note that it has.
 */
function script_is_there( $now = false ) {
	static $there = false;
	$there        = $there || $now;
	return $there;
}

/**
 * The first text that is not empty.
 *
 * @param string ...$texts Texts.
 */
function first_of( ...$texts ) {
	foreach ( $texts as $text ) {
		if ( '' !== trim( $text ) ) {
			return trim( $text );
		}
	}
	return '';
}
