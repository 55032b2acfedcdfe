<?php
/**
 * The settings page: Settings, Handbell.
 *
 * @package Handbell
 */

namespace Handbell;

defined( 'ABSPATH' ) || exit;

add_action( 'admin_menu', __NAMESPACE__ . '\\add_page' );
add_action( 'admin_init', __NAMESPACE__ . '\\register_settings' );
add_filter( 'plugin_action_links_handbell/handbell.php', __NAMESPACE__ . '\\settings_link' );

/** Adds the page to the menu. */
function add_page() {
	add_options_page( 'Handbell', 'Handbell', 'manage_options', 'handbell', __NAMESPACE__ . '\\page' );
}

/** Registers the option, whose values `checked` reads. */
function register_settings() {
	register_setting(
		'handbell',
		OPTION,
		array(
			'type'              => 'array',
			'sanitize_callback' => __NAMESPACE__ . '\\checked',
			'default'           => defaults(),
		)
	);
}

/**
 * Adds a link to the settings in the list of plugins.
 *
 * @param string[] $links The links that are there.
 */
function settings_link( $links ) {
	array_unshift(
		$links,
		sprintf( '<a href="%s">%s</a>', esc_url( admin_url( 'options-general.php?page=handbell' ) ), esc_html__( 'Settings', 'handbell' ) )
	);
	return $links;
}

/**
 * The settings from the form. When one is wrong nothing is stored, each fault is said, and what was typed is shown
 * again.
 *
 * @param mixed $given What the form sent, or the settings themselves: WordPress checks them twice on the first saving.
 */
function checked( $given ) {
	$given  = is_array( $given ) ? $given : array();
	$typed  = array(
		'server'     => written( $given, 'server' ),
		'site'       => written( $given, 'site' ),
		'text'       => written( $given, 'text' ),
		'everywhere' => ! empty( $given['everywhere'] ),
		'prefill'    => ! empty( $given['prefill'] ),
	);
	$server = server_address( $typed['server'] );
	$faults = array();
	if ( null === $server ) {
		$faults['server'] = __( 'Address of Handbell: write https:// and the host, such as https://support.example.com.', 'handbell' );
	}
	if ( ! preg_match( '/\A[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\z/', $typed['site'] ) ) {
		$faults['site'] = __( 'Site: write its name as in Handbell: small letters, digits and hyphens.', 'handbell' );
	}
	if ( mb_strlen( $typed['text'] ) > LONGEST_TEXT ) {
		/* translators: %d: a number of characters. */
		$faults['text'] = sprintf( __( 'Text: at most %d characters.', 'handbell' ), LONGEST_TEXT );
	}
	if ( ! $faults ) {
		delete_transient( typed_name() );
		return array_merge( $typed, array( 'server' => $server ) );
	}
	foreach ( $faults as $field => $fault ) {
		add_settings_error( OPTION, "handbell-$field", $fault );
	}
	set_transient( typed_name(), $typed, MINUTE_IN_SECONDS );
	return options();
}

/**
 * A text of the form, without control characters.
 *
 * @param array  $given The form.
 * @param string $name  The field.
 */
function written( $given, $name ) {
	return isset( $given[ $name ] ) && is_string( $given[ $name ] ) ? sanitize_text_field( $given[ $name ] ) : '';
}

/**
 * The origin of an address: scheme, host and port. Null where it is none that a page may load a script from.
 *
 * @param string $typed As typed; a path, as in an address copied from the browser, is removed.
 */
function server_address( $typed ) {
	if ( ! preg_match( '#\A(https?)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(?:[/?\#]|\z)#', $typed, $part ) ) {
		return null;
	}
	$host     = strtolower( $part[2] );
	$loopback = in_array( $host, array( 'localhost', '127.0.0.1', '[::1]' ), true );
	if ( 'https' !== $part[1] && ! $loopback ) {
		return null;
	}
	return $part[1] . '://' . $host . ( $part[3] ?? '' );
}

/** The name under which a refused form of this user is kept for a minute. */
function typed_name() {
	return 'handbell_typed_' . get_current_user_id();
}

/** The page. */
function page() {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	$typed  = get_transient( typed_name() );
	$values = is_array( $typed ) ? array_merge( defaults(), $typed ) : options();
	delete_transient( typed_name() );
	?>
	<div class="wrap">
		<h1>Handbell</h1>
		<form method="post" action="options.php">
			<?php settings_fields( 'handbell' ); ?>
			<table class="form-table" role="presentation">
				<?php
				line( 'server', __( 'Address of Handbell', 'handbell' ), $values['server'], __( 'Such as https://support.example.com.', 'handbell' ), 'url' );
				line( 'site', __( 'Site', 'handbell' ), $values['site'], __( 'Its name in Handbell; “default” where there is one site.', 'handbell' ) );
				line( 'text', __( 'Text of the button or link', 'handbell' ), $values['text'], __( 'Empty: Handbell’s own, in the visitor’s language.', 'handbell' ) );
				check( 'everywhere', __( 'On every page', 'handbell' ), $values['everywhere'], __( 'Show a floating button on every page. Without it the form is where you put the block or [handbell].', 'handbell' ) );
				check( 'prefill', __( 'Visitors who are logged in', 'handbell' ), $values['prefill'], __( 'Fill in their name and mail address; they can change both.', 'handbell' ) );
				?>
			</table>
			<?php submit_button(); ?>
		</form>
		<?php if ( '' !== options()['server'] ) : ?>
			<h2><?php esc_html_e( 'At Handbell', 'handbell' ); ?></h2>
			<p><?php esc_html_e( 'List this website there, once, on the site’s page “Websites” or with this command. Until then visitors are led to Handbell’s own page.', 'handbell' ); ?></p>
			<p><code><?php echo esc_html( 'handbell site set ' . options()['site'] . ' --origin ' . own_origin() ); ?></code></p>
		<?php endif; ?>
	</div>
	<?php
}

/** This website's origin, as browsers write it. */
function own_origin() {
	$part = wp_parse_url( home_url() );
	return $part['scheme'] . '://' . $part['host'] . ( isset( $part['port'] ) ? ':' . $part['port'] : '' );
}

/**
 * Prints a field for a line of text.
 *
 * @param string $name  The setting.
 * @param string $label Its label.
 * @param string $value Its value.
 * @param string $hint  What to write.
 * @param string $type  The input's type.
 */
function line( $name, $label, $value, $hint, $type = 'text' ) {
	printf(
		'<tr><th scope="row"><label for="handbell-%1$s">%2$s</label></th><td><input class="regular-text" type="%3$s" id="handbell-%1$s" name="%4$s[%1$s]" value="%5$s" aria-describedby="handbell-%1$s-hint"><p class="description" id="handbell-%1$s-hint">%6$s</p></td></tr>',
		esc_attr( $name ),
		esc_html( $label ),
		esc_attr( $type ),
		esc_attr( OPTION ),
		esc_attr( $value ),
		esc_html( $hint )
	);
}

/**
 * Prints a field to be checked.
 *
 * @param string $name  The setting.
 * @param string $label Its label.
 * @param bool   $value Its value.
 * @param string $hint  What it does.
 */
function check( $name, $label, $value, $hint ) {
	printf(
		'<tr><th scope="row">%2$s</th><td><label for="handbell-%1$s"><input type="checkbox" id="handbell-%1$s" name="%3$s[%1$s]" value="1"%4$s> %5$s</label></td></tr>',
		esc_attr( $name ),
		esc_html( $label ),
		esc_attr( OPTION ),
		checked_attribute( $value ),
		esc_html( $hint )
	);
}

/**
 * ` checked`, or nothing.
 *
 * @param bool $value Whether it is.
 */
function checked_attribute( $value ) {
	return $value ? ' checked' : '';
}
