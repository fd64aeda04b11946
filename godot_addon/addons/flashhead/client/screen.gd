extends RefCounted
## Where a head is seen: anything with a texture (TextureRect, Sprite2D, Sprite3D and so on), or a mesh.


static func can_show(node: Node) -> bool:
	return node is MeshInstance3D or "texture" in node


## The texture that it shows; null: none.
static func shown(node: Node) -> Texture2D:
	if not node is MeshInstance3D:
		return node.get("texture")
	var material := node.material_override as BaseMaterial3D
	return material.albedo_texture if material else null


## Null: no texture any more.
static func put(node: Node, texture: Texture2D) -> void:
	if not node is MeshInstance3D:
		node.set("texture", texture)
	elif texture == null:
		node.material_override = null
	else:
		node.material_override = _with(node.get_active_material(0), texture)


## A material like the mesh's own with this texture; without one, the picture shines by itself.
static func _with(material: Material, texture: Texture2D) -> BaseMaterial3D:
	var shown_as: BaseMaterial3D
	if material is BaseMaterial3D:
		shown_as = material.duplicate()
	else:
		shown_as = StandardMaterial3D.new()
		shown_as.shading_mode = BaseMaterial3D.SHADING_MODE_UNSHADED
		shown_as.transparency = BaseMaterial3D.TRANSPARENCY_ALPHA
	shown_as.albedo_texture = texture
	return shown_as
